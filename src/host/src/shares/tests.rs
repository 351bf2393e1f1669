//! Who gets how much, and who waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

use super::*;

const LIMITS: ShareLimits = ShareLimits { requests: 3, instances: 2, computing: 1 };

#[test]
fn paths_belong_to_organizations() {
    for (path, name) in [
        ("/t/acme/oauth2/token", "acme"),
        ("/t/acme", "acme"),
        ("/oauth2/token", "/"),
        ("/health", "/health"),
        ("/.well-known/oauth-authorization-server/t/acme", "/"),
        ("/admin/organizations/acme", "/admin"),
        ("/t/", ""),
        ("/t/%61cme/oauth2/token", "acme"),
        ("/%74/acme/oauth2/token", "acme"),
        ("/%61dmin/organizations", "/admin"),
    ] {
        assert_eq!(organization(path), name, "{path}");
    }
}

#[test]
fn an_organization_has_no_more_requests_than_its_share() {
    let shares = Shares::new(LIMITS);
    let mut places: Vec<_> = (0..3).map(|_| shares.enter("/t/a/oauth2/token").expect("room")).collect();
    assert!(shares.enter("/t/a/x").is_none(), "the fourth");
    assert!(shares.enter("/t/b/x").is_some(), "another organization");
    places.pop();
    places.push(shares.enter("/t/a/x").expect("room again"));
    assert!(shares.enter("/t/a/x").is_none(), "full again");
    places.clear();
    assert!(lock(&shares.in_use).is_empty(), "nothing is kept");
}

/// The steps of an organization's requests never overlap beyond its limit, and every request ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn steps_take_turns() {
    let shares = Arc::new(Shares::new(ShareLimits { requests: 100, instances: 100, computing: 2 }));
    let (computing, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (shares, computing, most) = (shares.clone(), computing.clone(), most.clone());
        tasks.spawn(async move {
            let place = shares.enter("/t/a/x").expect("room");
            let work = async {
                for _ in 0..20 {
                    most.fetch_max(computing.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_micros(50));
                    computing.fetch_sub(1, Ordering::SeqCst);
                    yield_now().await;
                }
            };
            place.run(work).await;
        });
    }
    tasks.join_all().await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert!(lock(&shares.in_use).is_empty());
}

/// A request that is given up while it waits, or just when it is called, takes no turn with it.
#[tokio::test]
async fn those_that_give_up_hold_up_nobody() {
    let shares = Arc::new(Shares::new(ShareLimits { requests: 100, instances: 100, computing: 1 }));
    let mut tasks = JoinSet::new();
    for number in 0..60u64 {
        let shares = shares.clone();
        tasks.spawn(async move {
            let place = shares.enter("/x").expect("room");
            let work = async {
                for _ in 0..10 {
                    std::thread::sleep(Duration::from_micros(100));
                    yield_now().await;
                }
            };
            if number % 3 == 0 {
                let time = sleep(Duration::from_millis(number % 7));
                tokio::select! { () = place.run(work) => {}, () = time => {} }
            } else {
                place.run(work).await;
            }
        });
    }
    let all = tokio::time::timeout(Duration::from_secs(20), tasks.join_all()).await;
    assert!(all.is_ok(), "a turn was lost");
}

/// R71: a request that waits for something has no turn meanwhile, so that it holds up nobody.
#[tokio::test]
async fn who_waits_takes_no_turn() {
    let shares = Shares::new(LIMITS);
    let (slow, fast) = (shares.enter("/x").expect("room"), shares.enter("/x").expect("room"));
    tokio::select! {
        biased;
        () = slow.run(sleep(Duration::from_secs(5))) => panic!("the fast one is held up"),
        () = fast.run(yield_now()) => {}
    }
}
