//! Several faults at once, drawn from the seed, for as long as asked.

use std::time::Duration;

use crate::{
    fault::{Fault, Node, Nodes, Remains, Service},
    peak,
    proxy::Toxic,
    scenario::{Draw, Scenario, Step},
};

/// What a fault is done to: one at a time.
const SUBJECTS: [fn(&mut Draw) -> Fault; 6] = [redis, postgres, net, net, consumer, others];

/// Until the peak is known, of which half is sent.
const EVENTS_PER_SECOND: u64 = 20_000;

pub(crate) fn scenario(seconds: u64) -> Scenario {
    let time = Duration::from_secs(seconds);
    let proves = "several faults at once, drawn from the seed";
    let mut scenario = Scenario::new("mixed", proves, move |draw| steps(draw, time))
        .load(|load| {
            load.events = seconds * EVENTS_PER_SECOND;
            load.rate = EVENTS_PER_SECOND as f64;
            (load.http, load.foreign, load.generator) = (0.6, 0.4, 0.0);
        })
        .setup(|setup| {
            // Nothing is lost then, whatever is killed.
            setup.fsync = "always";
            // Redis's default: a log of all hours would take longer to read than anything waits.
            setup.redis = &["auto-aof-rewrite-percentage 100"];
        })
        .promise(|promise| {
            promise.recovers = Duration::from_secs(15);
            promise.answers = Duration::from_secs(11);
        });
    scenario.is_soak = true;
    // What couldn't be sent while something was away is sent then.
    scenario.load_ends += time / 2;
    // The audit looks at each event for a while.
    scenario.limit = time * 3 + Duration::from_secs(300);
    scenario
}

fn steps(draw: &mut Draw, time: Duration) -> Vec<Step> {
    let measure = Step::Do("the peak", |stage| Box::pin(peak::measure(stage)));
    let (mut steps, mut spent) = (vec![measure], Duration::ZERO);
    while spent < time {
        let first = draw.number(0..SUBJECTS.len() as u64) as usize;
        let count = draw.number(1..4) as usize;
        let mut faults: Vec<Fault> = Vec::new();
        for n in 0..count {
            let fault = SUBJECTS[(first + n) % SUBJECTS.len()](draw);
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        for fault in faults {
            steps.push(Step::Begin(fault));
            let pause = draw.seconds(0.0..1.5);
            steps.push(Step::Wait(pause));
            spent += pause;
        }
        let (during, after) = (draw.seconds(0.5..8.0), draw.seconds(1.0..6.0));
        steps.extend([Step::Wait(during), Step::Heal, Step::Wait(after)]);
        spent += during + after;
    }
    steps
}

fn redis(draw: &mut Draw) -> Fault {
    draw.pick(&[
        Fault::RedisKilled(Remains::Everything),
        Fault::RedisStopped,
        Fault::Frozen(Service::Redis),
    ])
}

fn postgres(draw: &mut Draw) -> Fault {
    draw.pick(&[
        Fault::PostgresKilled,
        Fault::PostgresStopped("QUIT"),
        Fault::PostgresStopped("INT"),
        Fault::Frozen(Service::Postgres),
    ])
}

fn net(draw: &mut Draw) -> Fault {
    let service = draw.pick(&[Service::Redis, Service::Postgres]);
    let nodes = draw.pick(&[
        Nodes::All,
        Nodes::Consumers,
        Nodes::Apis,
        Nodes::One(Node::Consumer(0)),
        Nodes::One(Node::Ingestion),
    ]);
    let toxic = draw.pick(&[
        Toxic::BlackHole,
        Toxic::HalfOpen,
        Toxic::Reset,
        Toxic::Refuse,
        Toxic::Slow(Duration::from_millis(80), 2_000_000),
        Toxic::LateReplies(Duration::from_millis(2_500)),
        Toxic::CutAfter(40_000),
    ]);
    Fault::Net(service, nodes, toxic)
}

fn consumer(draw: &mut Draw) -> Fault {
    let node = Node::Consumer(draw.number(0..2) as usize);
    draw.pick(&[Fault::Killed(node), Fault::Stopped(node)])
}

fn others(draw: &mut Draw) -> Fault {
    let api = Node::Api(draw.number(0..2) as usize);
    draw.pick(&[Fault::Killed(Node::Ingestion), Fault::Killed(api)])
}
