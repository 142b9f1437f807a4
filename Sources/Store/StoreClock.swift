internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// The clock of a store, compared with the times of its records and with the time that has passed.
///
/// The times of a log increase. So after a clock was ahead, new records get the time of the newest one plus a microsecond
/// until the clock has passed it.
final class StoreClock: Sendable {
    /// Smaller differences are not reported: they disappear by themselves within the same time.
    static let leadMax: Duration = .seconds(60)

    /// The collection whose newest record is the furthest ahead of the clock.
    struct Lead: Sendable, Hashable {
        let collection: String
        let duration: Duration
    }

    private struct State {
        var expiry: ExpiryClock
        /// When a lead was first noticed; nil without one.
        var leadSince: Timestamp?
        /// Whether the log of the server has the lead, or that nothing expires.
        var isLeadReported = false
        var isHoldReported = false
    }

    private let wall: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> Duration
    private let collections: [DocumentCollection]
    private let state: NIOLockedValueBox<State>

    init(
        _ collections: [DocumentCollection],
        wall: @escaping @Sendable () -> Timestamp,
        uptime: @escaping @Sendable () -> Duration
    ) {
        self.collections = collections
        self.wall = wall
        self.uptime = uptime
        let newest = collections.map(\.newestTime).max() ?? .earliest
        let start = newest == .earliest ? wall() : newest
        state = NIOLockedValueBox(State(expiry: ExpiryClock(newest: start, uptime: uptime())))
    }

    /// The time by which events and uploads expire; see ``ExpiryClock``.
    var expiryTime: Timestamp {
        state.withLockedValue { $0.expiry.time(at: wall(), uptime: uptime()) }
    }

    /// The condition of a clock that is earlier than the newest records; nil if it is not.
    var condition: HealthCondition? {
        guard let lead else {
            state.withLockedValue { $0.leadSince = nil }
            return nil
        }
        let now = wall()
        let since = state.withLockedValue { state in
            state.leadSince = min(state.leadSince ?? now, now)
            return state.leadSince ?? now
        }
        return HealthCondition(
            subject: Self.subject,
            reason: """
                the newest record of \(lead.collection) is \(lead.duration.text) later than the clock, and new records get \
                its time; correct the clock, or see "A wrong clock" in OPERATIONS.md
                """,
            since: since
        )
    }

    static let subject = "clock"

    private var lead: Lead? {
        collections.compactMap { collection in
            collection.clockLead.map { Lead(collection: collection.schema.name, duration: $0) }
        }.max { $0.duration < $1.duration }
    }

    /// Reports once that the clock is wrong, and once that it is not any more.
    func check(_ notice: (MaintenanceNotice) -> Void) {
        let lead = lead
        let (isHeld, changes) = state.withLockedValue { state in
            _ = state.expiry.time(at: wall(), uptime: uptime())
            let isHeld = state.expiry.isHeld
            let changes = (lead: (lead != nil) != state.isLeadReported, hold: isHeld != state.isHoldReported)
            (state.isLeadReported, state.isHoldReported) = (lead != nil, isHeld)
            return (isHeld, changes)
        }
        if changes.lead {
            notice(lead.map { .clockIsBehind(collection: $0.collection, by: $0.duration) } ?? .clockCaughtUp)
        }
        if changes.hold { notice(isHeld ? .expiryIsHeld : .expiryContinues) }
    }
}

extension DocumentCollection {
    /// How much later the newest record is than the clock; nil if it is at most a minute.
    package var clockLead: Duration? {
        let lead = newestTime.duration(since: clock())
        return lead > StoreClock.leadMax ? lead : nil
    }

    /// The time of the newest record; the earliest time if there is none.
    var newestTime: Timestamp { log.newestTime }
}
