/// Limits on the number of connections, their waiting times and transfer rates, for any protocol.
///
/// Each limit bounds what one client can hold, so a client that exceeds it only harms itself.
package struct ConnectionLimits: Sendable {
    /// Connections at once.
    ///
    /// One more replaces the connection that has been idle longest. If all have a request under way, it is answered 503.
    package var countMax = 1024
    /// Connections of one address at once, with the same rule; nil: unlimited, because all clients of a proxy share one.
    package var countPerAddressMax: Int?
    /// How long a connection may wait for its next request.
    package var idleTimeout: Duration = .seconds(60)
    /// How long the head of a request may take, from its first byte to its last.
    package var headTimeout: Duration = .seconds(30)
    /// The period over which the rate of a transfer is measured, while the server waits for the client.
    package var stallTimeout: Duration = .seconds(60)
    /// Lowest average rate of a body or a response in that period, in bytes per second.
    package var byteRateMin = 512

    /// How long a client may continue to send a request that was already answered.
    package var lingerTimeout: Duration = .seconds(30)
    /// How long it may pause meanwhile, and the period over which its rate is measured.
    package var lingerPauseMax: Duration = .seconds(5)

    /// Connections over the limit that get an answer; further ones are closed without one.
    static let refusedCountMax = 64

    package init() {}

    /// The fewest bytes that have to move in ``stallTimeout``.
    var stallByteCountMin: Int { byteRateMin * Int(stallTimeout / .milliseconds(100)) / 10 }

    /// How often the timeouts of a connection are checked.
    var tickInterval: Duration {
        max(.milliseconds(20), min(.seconds(5), min(idleTimeout, headTimeout, stallTimeout) / 8))
    }
}
