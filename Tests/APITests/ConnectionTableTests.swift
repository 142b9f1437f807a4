import NIOCore
import NIOEmbedded
import Testing

@testable import API

/// There are never too many connections, and those that are idle are the first to go.
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

    @Test func theOneThatWasIdleLongestMakesRoom() throws {
        let table = Self.table(countMax: 3)
        let channels = try (0..<4).map { _ in try Self.channel() }
        for channel in channels[..<3] { #expect(table.admit(channel) == .admitted) }
        ConnectionPlace(channels[0], in: table).isIdle = false
        #expect(table.admit(channels[3]) == .admitted)
        channels.forEach { $0.embeddedEventLoop.run() }
        #expect(channels.map(\.isActive) == [true, false, true, true])
        #expect(table.count == 3)
    }

    @Test func oneThatHasAskedNothingGoesBeforeOneThatIsUsed() throws {
        let table = Self.table(countMax: 2)
        let channels = try (0..<3).map { _ in try Self.channel() }
        for channel in channels[..<2] { #expect(table.admit(channel) == .admitted) }
        let place = ConnectionPlace(channels[0], in: table)
        place.isIdle = false
        place.isIdle = true
        #expect(table.admit(channels[2]) == .admitted)
        #expect(table.admit(try Self.channel()) == .admitted)
        channels.forEach { $0.embeddedEventLoop.run() }
        #expect(channels.map(\.isActive) == [true, false, false])
    }

    @Test func whereAllAreAtWorkTheNextIsRefused() throws {
        let table = Self.table(countMax: 1)
        let (busy, other) = (try Self.channel(), try Self.channel())
        #expect(table.admit(busy) == .admitted)
        let place = ConnectionPlace(busy, in: table)
        place.isIdle = false
        #expect(table.admit(other) == .refused(.tooManyConnections(countMax: 1)))
        place.isIdle = true
        #expect(table.admit(try Self.channel()) == .admitted)
    }

    @Test func soManyAreToldThatTheyAreRefusedAndTheRestIsDropped() throws {
        let table = Self.table(countMax: 1)
        let busy = try Self.channel()
        #expect(table.admit(busy) == .admitted)
        ConnectionPlace(busy, in: table).isIdle = false
        let channels = try (0..<ConnectionLimits.refusedCountMax).map { _ in try Self.channel() }
        for channel in channels { #expect(table.admit(channel) != .dropped) }
        #expect(table.admit(try Self.channel()) == .dropped)
        try channels[0].close().wait()
        channels[0].embeddedEventLoop.run()
        #expect(table.admit(try Self.channel()) == .refused(.tooManyConnections(countMax: 1)))
    }

    @Test func anAddressTakesNoPlaceOfAnother() throws {
        let table = Self.table(countMax: 10, perAddress: 2)
        for _ in 0..<2 {
            let channel = try Self.channel()
            #expect(table.admit(channel) == .admitted)
            ConnectionPlace(channel, in: table).isIdle = false
        }
        #expect(table.admit(try Self.channel()) == .refused(.tooManyConnectionsOfAddress(countMax: 2)))
        #expect(table.admit(try Self.channel("10.0.0.2")) == .admitted)
    }

    @Test func oneThatIsClosedLeavesItsPlace() throws {
        let table = Self.table(countMax: 10)
        let channel = try Self.channel()
        #expect(table.admit(channel) == .admitted)
        try channel.close().wait()
        channel.embeddedEventLoop.run()
        #expect(table.count == 0)
    }
}
