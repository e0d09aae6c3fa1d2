//! The whole set-up, from an empty folder.

use crate::tenant::says_no_secret;
use crate::world::World;

/// Lines that tell of a change.
fn changes(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with("made") || line.starts_with("changed")).collect()
}

#[tokio::test]
async fn played_twice_the_second_time_changes_nothing() {
    let world = World::start().await;
    for step in world.steps() {
        let said = world.run(&step).await;
        says_no_secret(&said);
    }
    let before = world.everything();
    for step in world.steps() {
        let said = world.run(&step).await;
        assert_eq!(changes(&said), [""; 0], "{step:?}: {said}");
        says_no_secret(&said);
        let tells_next = step[0] != "doctor";
        assert_eq!(said.contains("\nNext: "), tells_next, "{step:?}: {said}");
        let mut dry = step;
        dry.push("--dry-run");
        let said = world.run(&dry).await;
        assert_eq!(said.contains("Nothing was changed: this was a dry run."), tells_next, "{dry:?}: {said}");
    }
    let after = world.everything();
    assert_eq!(before.0, after.0);
    assert_eq!(before.1, after.1);
    assert_eq!(before.2, after.2);
}

#[tokio::test]
async fn broken_off_after_each_step_it_completes() {
    let mut expected = None;
    for done in 0..World::start().await.steps().len() {
        let world = World::start().await;
        let steps = world.steps();
        for step in &steps[..done] {
            world.run(step).await;
        }
        for step in &steps {
            world.run(step).await;
        }
        let state = crate::tenant::state(&world.auth0).to_string().replace(&world.public_url, "PUBLIC");
        let names: Vec<String> = world.folder.files().into_iter().map(|(name, _)| name).collect();
        let expected = expected.get_or_insert((state.clone(), names.clone()));
        assert_eq!((&expected.0, &expected.1), (&state, &names), "after {done} steps");
    }
}
