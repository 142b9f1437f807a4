internal import JSON

/// The time by which events and uploads expire: that of the wall clock, unless the clock seems to be far ahead.
///
/// A device without a battery clock, or a wrong setting, can set the clock years ahead, and then everything would expire.
/// So a clock that is more than a day ahead of what it should be is believed only after another day: until then this time
/// advances with the time that has passed.
struct ExpiryClock: Sendable {
    /// Differences up to this one are believed at once.
    static let leadMax: Duration = .seconds(86_400)
    /// How long a clock must be ahead to be believed; shorter than that, it can be corrected.
    static let delay: Duration = .seconds(86_400)

    private var time: Timestamp
    /// How long the process had been running at `time`.
    private var uptime: Duration
    private var aheadSince: Duration?

    /// Whether the wall clock is not believed.
    var isHeld: Bool { aheadSince != nil }

    /// `newest` is the time of the newest record, after which the process has started.
    init(newest: Timestamp, uptime: Duration) {
        time = newest
        self.uptime = uptime
    }

    /// Returns the time, where `clock` is that of the wall clock and `uptime` never goes back.
    mutating func time(at clock: Timestamp, uptime: Duration) -> Timestamp {
        time = time.advanced(by: uptime - self.uptime)
        self.uptime = uptime
        guard clock > time.advanced(by: Self.leadMax) else {
            (time, aheadSince) = (clock, nil)
            return time
        }
        let since = aheadSince ?? uptime
        aheadSince = since
        if uptime - since >= Self.delay { (time, aheadSince) = (clock, nil) }
        return time
    }
}
