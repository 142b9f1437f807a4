internal import NIOCore

/// The receive buffers of one connection: they grow while its client fills them, up to its share of a common limit.
///
/// About 18 of them can wait for the server above: 10 in NIO's channel, 4 in Hummingbird's body, 4 of one turn of the
/// event loop. So the connections hold 72 MiB of unread input together, however many send at once: 300 bodies of 1 MB
/// took 430 MiB when every connection kept the share it had at its start.
///
/// The size decides how fast uploads run: with NIO's 64 KiB a 10 MB body took 1.6 times as long as with 256 KiB,
/// because each read is a hop between executors (measured, docs/ARCHITECTURE.md).
struct ReceiveBuffers: RecvByteBufferAllocator {
    private static let byteCountMax = 256 << 10
    private static let byteCountMin = 4 << 10
    /// For one buffer of each connection with a request under way.
    private static let byteCountOfAllMax = 4 << 20

    private var demand = AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 4 << 10, maximum: byteCountMax)
    private let table: ConnectionTable

    init(_ table: ConnectionTable) {
        self.table = table
    }

    /// The largest buffer while `count` connections have requests under way.
    static func share(ofOneAmong count: Int) -> Int {
        min(byteCountMax, max(byteCountMin, byteCountOfAllMax / max(1, count)))
    }

    func nextBufferSize() -> Int? {
        min(demand.nextBufferSize() ?? Self.byteCountMax, Self.share(ofOneAmong: table.busyCount))
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: nextBufferSize() ?? Self.byteCountMin)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        demand.record(actualReadBytes: actualReadBytes)
    }
}
