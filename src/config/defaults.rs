//! What a key that is left out means; a test keeps the shipped file alike.

use std::path::PathBuf;
use std::time::Duration;

use super::{
    Classify, Config, Content, DEFAULT_TAXONOMY, Fetch, Publish, Select, Serve, Source, Store,
};

impl Default for Config {
    fn default() -> Config {
        Config {
            store: Store::default(),
            fetch: Fetch::default(),
            sources: vec![Source::npcc()],
            classify: Classify::default(),
            publish: Publish::default(),
            alarm: super::Alarm::default(),
            serve: Serve::default(),
        }
    }
}

impl Default for Store {
    fn default() -> Store {
        Store {
            url: "sqlite:state/npcc-feeds.db".to_owned(),
        }
    }
}

impl Default for Fetch {
    fn default() -> Fetch {
        Fetch {
            contact: String::new(),
            timeout: Duration::from_secs(30),
            max_body: 4 * 1024 * 1024,
            pause: Duration::from_secs(2),
            history: Duration::from_secs(365 * 24 * 3600),
            proxy: String::new(),
        }
    }
}

impl Default for Source {
    /// What a written `[[sources]]` takes for its omitted keys: all of the NPCC's, but for feed and listing, which
    /// left out mean that the newsroom has none.
    fn default() -> Source {
        Source {
            feed: None,
            listing: Vec::new(),
            ..Source::npcc()
        }
    }
}

impl Source {
    fn npcc() -> Source {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Source {
            id: "npcc".to_owned(),
            title: "National Police Chiefs' Council".to_owned(),
            feed: Some("https://news.npcc.police.uk/feed/rss".to_owned()),
            listing: words(&["https://news.npcc.police.uk/releases"]),
            page: "?page={n}".to_owned(),
            articles: words(&["/releases/", "/editorial/"]),
            hosts: words(&[
                "news.npcc.police.uk",
                "prgloo-prod-newsroom-npcc-01.azurewebsites.net",
            ]),
            schedule: words(&["*/15 6-22 * * *", "0 23,0-5 * * *"]),
            timezone: "Europe/London".to_owned(),
            select: Select::default(),
        }
    }
}

impl Default for Select {
    fn default() -> Select {
        Select {
            card: ".card__body".to_owned(),
            link: "a.card__link".to_owned(),
            date: ".card__date".to_owned(),
            date_format: "%d %b %Y".to_owned(),
            summary: ".card__summary".to_owned(),
            title: "h1.content-title".to_owned(),
            published: "p.date".to_owned(),
            body: ".content-body".to_owned(),
            drop: vec![".contact-info".to_owned()],
        }
    }
}

impl Default for Classify {
    fn default() -> Classify {
        Classify {
            topics: Some(PathBuf::from(DEFAULT_TAXONOMY)),
        }
    }
}

impl Default for Publish {
    fn default() -> Publish {
        Publish {
            items: 50,
            content: Content::Full,
            to: String::new(),
            hub: String::new(),
        }
    }
}

impl Default for Serve {
    fn default() -> Serve {
        Serve {
            listen: "127.0.0.1:8611".to_owned(),
            public_url: "http://127.0.0.1:8611".to_owned(),
        }
    }
}
