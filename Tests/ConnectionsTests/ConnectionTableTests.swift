import NIOCore
import NIOEmbedded
import Testing

@testable import Connections

/// There are never too many connections, and idle ones are closed first.
struct ConnectionTableTests {
    private static func table(countMax: Int, perAddress: Int? = nil) -> ConnectionTable {
        var limits = ConnectionLimits()
        limits.countMax = countMax
        limits.countPerAddressMax = perAddress
        return ConnectionTable(limits)
    }

    private static func channel(_ address: String = "10.0.0.1") throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        channel.remoteAddress = try SocketAddress(ipAddress: address, port: 1)
        try channel.connect(to: SocketAddress(ipAddress: address, port: 1)).wait()
        return channel
    }

    @Test func longestIdleIsClosedForNewOne() throws {
        let table = Self.table(countMax: 3)
        let channels = try (0..<4).map { _ in try Self.channel() }
        for channel in channels[..<3] { #expect(table.admit(channel) == .admitted) }
        ConnectionSlot(channels[0], in: table).isIdle = false
        #expect(table.admit(channels[3]) == .admitted)
        channels.forEach { $0.embeddedEventLoop.run() }
        #expect(channels.map(\.isActive) == [true, false, true, true])
        #expect(table.count == 3)
    }

    @Test func unusedIsClosedBeforeUsed() throws {
        let table = Self.table(countMax: 2)
        let channels = try (0..<3).map { _ in try Self.channel() }
        for channel in channels[..<2] { #expect(table.admit(channel) == .admitted) }
        let slot = ConnectionSlot(channels[0], in: table)
        slot.isIdle = false
        slot.isIdle = true
        #expect(table.admit(channels[2]) == .admitted)
        #expect(table.admit(try Self.channel()) == .admitted)
        channels.forEach { $0.embeddedEventLoop.run() }
        #expect(channels.map(\.isActive) == [true, false, false])
    }

    @Test func nextIsRefusedWhileAllAreBusy() throws {
        let table = Self.table(countMax: 1)
        let (busy, other) = (try Self.channel(), try Self.channel())
        #expect(table.admit(busy) == .admitted)
        let slot = ConnectionSlot(busy, in: table)
        slot.isIdle = false
        #expect(table.admit(other) == .refused(.tooManyConnections(countMax: 1)))
        slot.isIdle = true
        #expect(table.admit(try Self.channel()) == .admitted)
    }

    @Test func busyConnectionsAreCountedUntilTheyAreIdleOrClosed() throws {
        let table = Self.table(countMax: 8)
        let channels = try (0..<3).map { _ in try Self.channel() }
        for channel in channels { #expect(table.admit(channel) == .admitted) }
        let slots = channels.map { ConnectionSlot($0, in: table) }
        #expect(table.busyCount == 0)
        for slot in slots { slot.isIdle = false }
        #expect(table.busyCount == 3)
        slots[0].isIdle = true
        #expect(table.busyCount == 2)
        channels[1].close(promise: nil)
        channels.forEach { $0.embeddedEventLoop.run() }
        #expect(table.busyCount == 1)
        slots[1].isIdle = true
        #expect(table.busyCount == 1)
    }

    @Test func receiveBuffersShrinkWhenMoreConnectionsAreBusy() throws {
        let table = Self.table(countMax: 1_000)
        var buffers = ReceiveBuffers(table)
        for _ in 0..<40 { _ = buffers.record(actualReadBytes: buffers.nextBufferSize() ?? 0) }
        #expect(buffers.nextBufferSize() == 256 << 10)
        let channels = try (0..<64).map { _ in try Self.channel() }
        for channel in channels {
            #expect(table.admit(channel) == .admitted)
            ConnectionSlot(channel, in: table).isIdle = false
        }
        #expect(buffers.nextBufferSize() == 64 << 10)
        #expect(buffers.buffer(allocator: ByteBufferAllocator()).capacity == 64 << 10)
        #expect(ReceiveBuffers.share(ofOneAmong: 100_000) == 4 << 10)
    }

    @Test func refusalsBeyondLimitAreDropped() throws {
        let table = Self.table(countMax: 1)
        let busy = try Self.channel()
        #expect(table.admit(busy) == .admitted)
        ConnectionSlot(busy, in: table).isIdle = false
        let channels = try (0..<ConnectionLimits.refusedCountMax).map { _ in try Self.channel() }
        for channel in channels { #expect(table.admit(channel) != .dropped) }
        #expect(table.admit(try Self.channel()) == .dropped)
        try channels[0].close().wait()
        channels[0].embeddedEventLoop.run()
        #expect(table.admit(try Self.channel()) == .refused(.tooManyConnections(countMax: 1)))
    }

    @Test func addressLimitLeavesOtherAddressesTheirs() throws {
        let table = Self.table(countMax: 10, perAddress: 2)
        for _ in 0..<2 {
            let channel = try Self.channel()
            #expect(table.admit(channel) == .admitted)
            ConnectionSlot(channel, in: table).isIdle = false
        }
        #expect(table.admit(try Self.channel()) == .refused(.tooManyConnectionsOfAddress(countMax: 2)))
        #expect(table.admit(try Self.channel("10.0.0.2")) == .admitted)
    }

    @Test func closedConnectionLeavesTable() throws {
        let table = Self.table(countMax: 10)
        let channel = try Self.channel()
        #expect(table.admit(channel) == .admitted)
        try channel.close().wait()
        channel.embeddedEventLoop.run()
        #expect(table.count == 0)
    }
}
