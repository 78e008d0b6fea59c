//! Answers that are no document.

use super::Outcome::Kept;
use super::hits::{status, with};
use super::{ADDRESS, ASK, IF_IT_LASTS, NOTHING, faults};

faults! { "Status codes", "The feed, the only way in here, answers with a status that brings no document.";
    no_content: "204 No Content", |it| it.feed(status(204)),
        Kept("the server answered 204 No Content"), IF_IT_LASTS;
    partial_content: "206 Partial Content, unasked", |it| it.feed(status(206)),
        Kept("the server answered 206 Partial Content"), IF_IT_LASTS;
    accepted: "202 Accepted, as challenges have it", |it| it.feed(status(202)),
        Kept("the site challenges us (202 Accepted)"), ASK;
    multiple_choices: "300 Multiple Choices", |it| it.feed(status(300)),
        Kept("the server answered 300 Multiple Choices"), ADDRESS;
    unasked_not_modified: "304 Not Modified, though nothing was known", |it| it.feed(status(304)),
        Kept("the server answered 304 Not Modified"), IF_IT_LASTS;
    bad_request: "400 Bad Request", |it| it.feed(status(400)),
        Kept("the server answered 400 Bad Request"), IF_IT_LASTS;
    unauthorized: "401 Unauthorized", |it| it.feed(status(401)),
        Kept("the site blocks us (401 Unauthorized)"), ASK;
    payment_required: "402 Payment Required", |it| it.feed(status(402)),
        Kept("the server answered 402 Payment Required"), ASK;
    forbidden: "403 Forbidden", |it| it.feed(status(403)),
        Kept("the site blocks us (403 Forbidden)"), ASK;
    not_found: "404 Not Found", |it| it.feed(status(404)),
        Kept("the server answered 404 Not Found"), ADDRESS;
    not_allowed: "405 Method Not Allowed, as captchas have it", |it| it.feed(status(405)),
        Kept("the site challenges us (405 Method Not Allowed)"), ASK;
    not_acceptable: "406 Not Acceptable", |it| it.feed(status(406)),
        Kept("the server answered 406 Not Acceptable"), IF_IT_LASTS;
    gone: "410 Gone", |it| it.feed(status(410)),
        Kept("410 Gone: the address is no longer in use; look for its new one"),
        "Write the new address into the configuration";
    teapot: "418, a joke", |it| it.feed(status(418)),
        Kept("the server answered 418 I'm a teapot"), IF_IT_LASTS;
    legal: "451 Unavailable For Legal Reasons", |it| it.feed(status(451)),
        Kept("the server answered 451 Unavailable For Legal Reasons"), IF_IT_LASTS;
    too_many: "429 Too Many Requests", |it| it.feed(status(429)),
        Kept("the server answered 429 Too Many Requests"), NOTHING;
    too_many_still: "429 without `Retry-After`, looked at again four minutes later",
        |it| { it.feed(status(429)); it.cycle().await; it.minutes_pass(4) },
        Kept("held until 2026-11-25T09:05:0"), NOTHING;
    too_many_seconds: "429 with `Retry-After: 7200`, an hour later",
        |it| { it.feed(with(429, "retry-after", "7200")); it.cycle().await; it.minutes_pass(60) },
        Kept("held until 2026-11-25T11:00:0"), NOTHING;
    too_many_date: "429 with a date in `Retry-After`, an hour later",
        |it| { it.feed(with(429, "retry-after", "Wed, 25 Nov 2026 12:00:00 GMT")); it.cycle().await; it.minutes_pass(60) },
        Kept("held until 2026-11-25T12:00:0"), NOTHING;
    too_many_absurd: "429 with a `Retry-After` of ten years, 23 hours later",
        |it| { it.feed(with(429, "retry-after", "315360000")); it.cycle().await; it.minutes_pass(23 * 60) },
        Kept("held until 2026-11-26T09:00:0"), NOTHING;
    too_many_past: "429 with a `Retry-After` that is over, four minutes later",
        |it| { it.feed(with(429, "retry-after", "Wed, 25 Nov 2020 12:00:00 GMT")); it.cycle().await; it.minutes_pass(4) },
        Kept("held until 2026-11-25T09:05:0"), NOTHING;
    too_many_junk: "429 with a `Retry-After` that is neither, four minutes later",
        |it| { it.feed(with(429, "retry-after", "soon")); it.cycle().await; it.minutes_pass(4) },
        Kept("held until 2026-11-25T09:05:0"), NOTHING;
    server_error: "500 Internal Server Error", |it| it.feed(status(500)),
        Kept("the server answered 500 Internal Server Error"), IF_IT_LASTS;
    server_error_everywhere: "500 for every address of the newsroom", |it| it.everything(status(500)),
        Kept("the server answered 500 Internal Server Error"), IF_IT_LASTS;
    server_error_still: "500, looked at again two minutes later",
        |it| { it.feed(status(500)); it.cycle().await; it.minutes_pass(2) },
        Kept("the server answered 500 Internal Server Error"), IF_IT_LASTS;
    bad_gateway: "502 Bad Gateway", |it| it.feed(status(502)),
        Kept("the server answered 502 Bad Gateway"), IF_IT_LASTS;
    unavailable: "503 Service Unavailable", |it| it.feed(status(503)),
        Kept("the server answered 503 Service Unavailable"), IF_IT_LASTS;
    maintenance: "503 with `Retry-After: 3600`, half an hour later",
        |it| { it.feed(with(503, "retry-after", "3600")); it.cycle().await; it.minutes_pass(30) },
        Kept("held until 2026-11-25T10:00:0"), NOTHING;
    gateway_timeout: "504 Gateway Timeout", |it| it.feed(status(504)),
        Kept("the server answered 504 Gateway Timeout"), IF_IT_LASTS;
    unknown_status: "520, a status that is none", |it| it.feed(status(520)),
        Kept("the server answered 520"), IF_IT_LASTS;
}
