//! How a fault is proved: the newsroom fails, is itself again, and everything is looked at twice.

use npcc_feeds::daemon::Report;
use npcc_feeds::store::Trouble;

use super::engine::{NEW, Shown, Stage};
use super::{Fault, Outcome};
use crate::harness::release;

/// Proves what the catalogue says of a fault.
pub async fn prove(fault: &Fault) {
    let mut stage = Stage::set().await;
    let served = stage.served().await;
    let before = stage.shown().await;
    assert_eq!(
        stage.made().await,
        served,
        "the daemon serves what the store has"
    );
    stage.publish(release(NEW));
    stage.forget_validators().await;
    (fault.hit)(&mut stage).await;
    let report = stage.cycle().await;

    assert_eq!(stage.get("/live").await.0, 200, "the daemon is up");
    match fault.outcome {
        Outcome::Kept(says) => {
            assert_told(&stage, &report, says).await;
            assert_eq!(
                report.new + report.revised + report.merged + report.withdrawn,
                0,
                "{report:?}"
            );
            assert_eq!(stage.served().await, served, "the last feeds are served");
            assert_eq!(stage.made().await, served, "and stay what they are");
        }
        Outcome::Read(_, check) => {
            assert_eq!(report.failed, [], "{report:?}");
            let shown = stage.shown().await;
            assert_same(&before, &shown);
            check(&shown);
        }
        Outcome::Announced(_, check) => {
            let way = &stage.config.sources[0].feed;
            let is_of_way = |trouble: &Trouble| Some(&trouble.url) == way.as_ref();
            assert!(!report.failed.iter().any(is_of_way), "{report:?}");
            let shown = stage.shown().await;
            assert_same(&before, &shown);
            check(&shown);
        }
        Outcome::ReadBut(says, check) => {
            assert_told(&stage, &report, says).await;
            let shown = stage.shown().await;
            assert_same(&before, &shown);
            check(&shown);
        }
        Outcome::Lead(says) => {
            assert_told(&stage, &report, says).await;
            let shown = stage.shown().await;
            assert_same(&before, &shown);
            assert!(!text_of(&shown, NEW).contains(&body_of(NEW)), "{shown:?}");
        }
    }

    let first = stage.shown().await;
    stage.recover().await;
    let report = stage.cycle().await;
    assert_eq!(report.failed, [], "after the fault: {report:?}");
    let shown = stage.shown().await;
    assert_eq!(shown.len(), stage.published, "nothing is lost: {shown:#?}");
    assert_same(&before, &shown);
    let mut guids: Vec<&str> = shown.iter().map(|item| item.guid.as_str()).collect();
    guids.sort_unstable();
    guids.dedup();
    assert_eq!(
        guids.len(),
        stage.published,
        "nothing comes twice: {shown:#?}"
    );
    // What was there during the fault keeps its identity as well.
    for item in &first {
        assert!(guids.contains(&item.guid.as_str()), "{item:?}");
    }
    assert!(text_of(&shown, NEW).contains(&body_of(NEW)), "{shown:#?}");
    assert_eq!(stage.health().await, Vec::<String>::new());
}

/// The cause stands in the cycle's report and on the health page.
async fn assert_told(stage: &Stage, report: &Report, says: &str) {
    let failed = report.failed.iter().map(|trouble| trouble.cause.clone());
    let alarms = report.alarms.iter().map(|alarm| alarm.text.clone());
    let told: Vec<String> = failed.chain(alarms).collect();
    assert!(told.iter().any(|one| one.contains(says)), "{told:?}");
    assert_eq!(stage.health().await, told);
}

/// Every item that was there is there as it was.
fn assert_same(before: &[Shown], after: &[Shown]) {
    for item in before {
        assert!(after.contains(item), "{item:?} is not among {after:#?}");
    }
}

fn text_of(shown: &[Shown], n: u32) -> String {
    let path = format!("/releases/release-number-{n}");
    let found = shown.iter().find(|item| item.link.ends_with(&path));
    found.map(|item| item.text.clone()).unwrap_or_default()
}

fn body_of(n: u32) -> String {
    format!("w{n}x59")
}
