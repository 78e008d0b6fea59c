//! Redirects: followed within the newsroom's hosts, and nowhere else.

use super::Outcome::{Kept, Read, ReadBut};
use super::engine::{NEW, Shown};
use super::hits::{FEED, status};
use super::{ADDRESS, IF_IT_LASTS, NOTHING, faults};
use crate::site::Fault;

const HOSTS: &str = "If the newsroom has moved there: add the host to `hosts`";

fn to(target: &str) -> Fault {
    Fault::Redirect(302, target.to_owned())
}

fn is_there(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    assert!(shown.iter().any(|item| item.title == title), "{shown:#?}");
}

faults! { "Redirects", "The feed, the only way in here, leads elsewhere.";
    to_itself: "To itself", |it| it.feed(to(FEED)),
        Kept("redirected more than 5 times"), IF_IT_LASTS;
    in_circles: "In a circle",
        |it| { it.feed(to("/other")); it.newsroom.site.set_fault("/other", to(FEED)) },
        Kept("redirected more than 5 times"), IF_IT_LASTS;
    five_hops: "Over five addresses to where the feed is", |it| it.redirected(302, 5),
        Read("Follows them", is_there), NOTHING;
    seven_hops: "Over seven addresses", |it| it.redirected(302, 7),
        Kept("redirected more than 5 times"), ADDRESS;
    see_other: "303 See Other", |it| it.redirected(303, 1),
        Read("Follows it", is_there), NOTHING;
    temporary: "307 Temporary Redirect", |it| it.redirected(307, 1),
        Read("Follows it", is_there), NOTHING;
    for_good: "301 Moved Permanently", |it| { it.redirected(301, 1); },
        ReadBut("write the new address into the configuration", is_there),
        "Write the new address into the configuration";
    for_good_too: "308 Permanent Redirect", |it| { it.redirected(308, 1); },
        ReadBut("has moved for good to", is_there), "Write the new address into the configuration";
    to_another_name: "To another of the newsroom's own hosts",
        |it| {
            it.feed_alone();
            let there = it.newsroom.base().replace("127.0.0.1", "localhost") + FEED;
            it.newsroom.site.set_fault("/elsewhere", to(&there));
            it.config.sources[0].feed = Some(it.newsroom.base() + "/elsewhere");
        },
        Read("Follows it; a release is one whatever the host's name", is_there), NOTHING;
    foreign: "To a host that is not the newsroom's", |it| it.feed(to("http://news.example.org/feed/rss")),
        Kept("http://news.example.org/feed/rss is not on one of the source's hosts"), HOSTS;
    foreign_without_scheme: "To `//other.example`", |it| it.feed(to("//other.example/feed/rss")),
        Kept("http://other.example/feed/rss is not on one of the source's hosts"), HOSTS;
    look_alike: "To a host whose name begins like the newsroom's",
        |it| it.feed(to("http://127.0.0.1.example.org/feed/rss")),
        Kept("is not on one of the source's hosts"), HOSTS;
    in_disguise: "To a foreign host behind the newsroom's name as a user's",
        |it| it.feed(to("http://127.0.0.1@other.example/feed/rss")),
        Kept("http://other.example/feed/rss is not on one of the source's hosts"), NOTHING;
    private: "To an address of our own network", |it| it.feed(to("http://10.0.0.1/")),
        Kept("http://10.0.0.1/ is not on one of the source's hosts"), IF_IT_LASTS;
    private_v6: "To this machine, as IPv6 writes it", |it| it.feed(to("http://[::1]/")),
        Kept("http://[::1]/ is not on one of the source's hosts"), IF_IT_LASTS;
    private_number: "To an address of our own network, written as one number", |it| it.feed(to("http://167772161/")),
        Kept("http://10.0.0.1/ is not on one of the source's hosts"), IF_IT_LASTS;
    cloud_secrets: "To 169.254.169.254, where clouds keep secrets",
        |it| it.feed(to("http://169.254.169.254/latest/meta-data/")),
        Kept("169.254.169.254/latest/meta-data/ is not on one of the source's hosts"), IF_IT_LASTS;
    file: "To a file of this machine", |it| it.feed(to("file:///etc/passwd")),
        Kept("file:///etc/passwd is not on one of the source's hosts"), IF_IT_LASTS;
    data: "To a `data:` address", |it| it.feed(to("data:text/xml,<rss/>")),
        Kept("is not on one of the source's hosts"), IF_IT_LASTS;
    ftp: "To an `ftp:` address on the newsroom's host", |it| it.feed(to("ftp://127.0.0.1/feed")),
        Kept("ftp://127.0.0.1/feed is not on one of the source's hosts"), IF_IT_LASTS;
    nowhere: "Without `Location`", |it| it.feed(status(302)),
        Kept("redirected to None, which is not followed"), IF_IT_LASTS;
    junk: "To what is no address", |it| it.feed(to("http://[")),
        Kept("which is not followed"), IF_IT_LASTS;
    front_page: "To the newsroom's front page, as sites do with what they have removed", |it| it.feed(to("/")),
        Kept("the feed holds no release"), ADDRESS;
}
