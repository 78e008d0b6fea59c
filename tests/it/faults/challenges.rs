//! Pages that stand before the newsroom and want to see a browser. They are never tried to pass.

use super::Outcome::{Kept, Lead};
use super::hits::{LISTING, status, with};
use super::{ASK, faults};
use crate::site::Fault;

const AWS: &str = "<!DOCTYPE html><html lang=\"en\"><head><title></title><script type=\"text/javascript\">\
    window.awsWafCookieDomainList = []; window.gokuProps = {\"key\":\"AQIDAHjc\",\"iv\":\"CgAH\",\"context\":\"x\"};</script>\
    <script src=\"https://de5282c3ca0c.edge.sdk.awswaf.com/de5282c3ca0c/526cf06acb0d/challenge.js\"></script></head>\
    <body><div id=\"challenge-container\"></div><script>AwsWafIntegration.saveReferrer();</script>\
    <noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot. This \
    requires JavaScript. Enable JavaScript and then reload the page.</noscript></body></html>";
const CLOUDFLARE: &str = "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title>\
    <meta name=\"robots\" content=\"noindex,nofollow\"></head><body><div class=\"main-wrapper\" role=\"main\">\
    <noscript><div class=\"h2\"><span id=\"challenge-error-text\">Enable JavaScript and cookies to continue</span></div>\
    </noscript></div><script>(function(){window._cf_chl_opt = {cvId: '3',cZone: 'news.example'};\
    var a = document.createElement('script'); a.src = '/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8';\
    document.getElementsByTagName('head')[0].appendChild(a);}());</script></body></html>";
const IMPERVA: &str = "<html style=\"height:100%\"><head><META NAME=\"ROBOTS\" CONTENT=\"NOINDEX, NOFOLLOW\">\
    <script type=\"text/javascript\" src=\"/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3\"></script></head>\
    <body style=\"margin:0px;height:100%\"><iframe id=\"main-iframe\" src=\"/_Incapsula_Resource?SWUDNSAI=31&xinfo=8-1\" \
    frameborder=0 width=\"100%\" height=\"100%\">Request unsuccessful. Incapsula incident ID: 877000150-1</iframe></body></html>";
const LOGIN: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><main><h1>Sign in</h1>\
    <form action=\"/login\" method=\"post\"><label>User name <input name=\"user\"></label>\
    <label>Password <input name=\"password\" type=\"password\"></label><button>Sign in</button></form></main></body></html>";

const HTML: &str = "text/html; charset=utf-8";

fn waf(status: u16, action: &str) -> Fault {
    with(status, "x-amzn-waf-action", action)
}

faults! { "Challenges and logins",
    "A page for browsers stands in front of the newsroom. It is never tried to pass: the host is left alone, and looked at \
     rarely.";
    aws_202: "AWS's challenge, with status 202", |it| it.everything(Fault::Challenge),
        Kept("the site challenges us (202 Accepted, challenge); that is never tried to pass"), ASK;
    aws_405: "AWS's captcha, with status 405", |it| it.everything(waf(405, "captcha")),
        Kept("the site challenges us (405 Method Not Allowed, captcha)"), ASK;
    aws_403: "AWS's block, with status 403", |it| it.everything(waf(403, "block")),
        Kept("the site challenges us (403 Forbidden, block)"), ASK;
    aws_200: "AWS's header, with status 200", |it| it.everything(waf(200, "challenge")),
        Kept("the site challenges us (200 OK, challenge)"), ASK;
    aws_stops_the_host: "A challenge at the feed alone", |it| it.newsroom.site.set_fault("/feed", Fault::Challenge),
        Kept("not asked, since 127.0.0.1 is left alone for now: the site challenges us"), ASK;
    aws_still: "A challenge, looked at again half an hour later",
        |it| { it.everything(Fault::Challenge); it.cycle().await; it.minutes_pass(30) },
        Kept("not asked again before"), ASK;
    blocked_everywhere: "403 for every address", |it| it.everything(status(403)),
        Kept("the site blocks us (403 Forbidden); that is never tried to pass"), ASK;
    aws_page_as_feed: "AWS's challenge page with status 200 instead of the feed", |it| it.feed_is(HTML, AWS),
        Kept("the site challenges us"), ASK;
    cloudflare_as_feed: "Cloudflare's challenge page with status 200 instead of the feed",
        |it| it.feed_is(HTML, CLOUDFLARE),
        Kept("the site challenges us"), ASK;
    imperva_as_feed: "Imperva's challenge page with status 200 instead of the feed", |it| it.feed_is(HTML, IMPERVA),
        Kept("the site challenges us"), ASK;
    aws_page_as_listing: "AWS's challenge page with status 200 instead of the listing",
        |it| it.listing_with(|_| AWS.to_owned()),
        Kept("the site challenges us"), ASK;
    cloudflare_as_listing: "Cloudflare's challenge page with status 200 instead of the listing",
        |it| it.listing_with(|_| CLOUDFLARE.to_owned()),
        Kept("the site challenges us"), ASK;
    imperva_as_listing: "Imperva's challenge page with status 200 instead of the listing",
        |it| it.listing_with(|_| IMPERVA.to_owned()),
        Kept("the site challenges us"), ASK;
    aws_page_as_release: "AWS's challenge page with status 200 instead of a release",
        |it| it.page_with(|_| AWS.to_owned()),
        Lead("the site challenges us"), ASK;
    cloudflare_as_release: "Cloudflare's challenge page with status 200 instead of a release",
        |it| it.page_with(|_| CLOUDFLARE.to_owned()),
        Lead("the site challenges us"), ASK;
    imperva_as_release: "Imperva's challenge page with status 200 instead of a release",
        |it| it.page_with(|_| IMPERVA.to_owned()),
        Lead("the site challenges us"), ASK;
    challenged_release: "AWS's challenge, with status 202, instead of a release", |it| it.page(Fault::Challenge),
        Lead("the site challenges us (202 Accepted, challenge)"), ASK;
    login_as_feed: "A login page instead of the feed", |it| it.feed_is(HTML, LOGIN),
        Kept("the feed holds no release"), ASK;
    login_as_listing: "A login page instead of the listing", |it| it.listing_with(|_| LOGIN.to_owned()),
        Kept("the listing holds no release"), ASK;
    login_as_release: "A login page instead of a release", |it| it.page_with(|_| LOGIN.to_owned()),
        Lead("the page holds no text"), ASK;
    login_everywhere: "Every address leads to a login page",
        |it| { it.newsroom.site.set_raw("/login", HTML, LOGIN);
            it.newsroom.site.set_fault("/feed", Fault::Redirect(302, "/login".to_owned()));
            it.newsroom.site.set_fault(LISTING, Fault::Redirect(302, "/login".to_owned())) },
        Kept("the feed holds no release"), ASK;
}
