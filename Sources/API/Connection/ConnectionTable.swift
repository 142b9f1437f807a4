internal import NIOConcurrencyHelpers
internal import NIOCore

/// Which connections there are, so that there are never too many.
///
/// Idle connections are cheap to lose: a client opens another one. So when the table is full the one that has been idle
/// longest makes room, first among those that have asked nothing yet: a flood of them, or of clients that never finish
/// their first line, keeps nobody out, and takes no connection from a client that uses it. Only where every connection
/// has a request under way is the next one refused.
final class ConnectionTable: Sendable {
    enum Admission: Equatable {
        case admitted
        /// To be told that there is no room.
        case refused(RequestError)
        /// Too many have to be told that: this one is closed at once.
        case dropped
    }

    private struct Entry {
        let channel: any Channel
        let address: String
        /// Nil while a request is under way.
        var idleSince: NIODeadline?
        var hasAsked = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var counts: [String: Int] = [:]
        var refusedCount = 0

        mutating func remove(_ id: ObjectIdentifier) -> Entry? {
            guard let entry = entries.removeValue(forKey: id) else { return nil }
            let count = (counts[entry.address] ?? 0) - 1
            counts[entry.address] = count > 0 ? count : nil
            return entry
        }

        /// Takes out the one that is cheapest to lose, of one address or of all.
        mutating func evict(from address: String?) -> Entry? {
            var cheapest: (id: ObjectIdentifier, cost: (Int, NIODeadline))?
            for (id, entry) in entries where address == nil || entry.address == address {
                guard let idleSince = entry.idleSince else { continue }
                let cost = (entry.hasAsked ? 1 : 0, idleSince)
                if cheapest.map({ cost < $0.cost }) ?? true { cheapest = (id, cost) }
            }
            return cheapest.flatMap { remove($0.id) }
        }
    }

    private let limits: ConnectionLimits
    private let state = NIOLockedValueBox(State())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    var count: Int { state.withLockedValue { $0.entries.count } }

    /// Finds a place for a new connection, which it leaves when it is closed.
    func admit(_ channel: any Channel) -> Admission {
        let id = ObjectIdentifier(channel)
        let address = channel.remoteAddress?.ipAddress ?? ""
        let (admission, evicted) = state.withLockedValue { state -> (Admission, Entry?) in
            var evicted: Entry?
            if let max = limits.countPerAddressMax, state.counts[address, default: 0] >= max {
                evicted = state.evict(from: address)
                if evicted == nil { return (refuse(&state, .tooManyConnectionsOfAddress(countMax: max)), nil) }
            }
            if state.entries.count >= limits.countMax {
                evicted = state.evict(from: nil)
                if evicted == nil { return (refuse(&state, .tooManyConnections(countMax: limits.countMax)), nil) }
            }
            state.entries[id] = Entry(channel: channel, address: address, idleSince: .now())
            state.counts[address, default: 0] += 1
            return (.admitted, evicted)
        }
        evicted?.channel.close(promise: nil)
        if admission != .dropped {
            channel.closeFuture.whenComplete { _ in self.leave(id, admission) }
        }
        return admission
    }

    func setIdle(_ isIdle: Bool, _ id: ObjectIdentifier) {
        state.withLockedValue { state in
            state.entries[id]?.idleSince = isIdle ? .now() : nil
            state.entries[id]?.hasAsked = true
        }
    }

    /// Closes every connection, whatever is under way.
    func closeAll() {
        for entry in state.withLockedValue({ $0.entries.values }) { entry.channel.close(promise: nil) }
    }

    private func refuse(_ state: inout State, _ error: RequestError) -> Admission {
        guard state.refusedCount < ConnectionLimits.refusedCountMax else { return .dropped }
        state.refusedCount += 1
        return .refused(error)
    }

    private func leave(_ id: ObjectIdentifier, _ admission: Admission) {
        state.withLockedValue { state in
            if admission == .admitted { _ = state.remove(id) } else { state.refusedCount -= 1 }
        }
    }
}

/// The place of one connection in the table; used on its event loop.
final class ConnectionPlace {
    private let table: ConnectionTable
    private let id: ObjectIdentifier

    init(_ channel: any Channel, in table: ConnectionTable) {
        self.table = table
        id = ObjectIdentifier(channel)
    }

    /// Whether nothing would be lost with the connection but the connection.
    var isIdle = true {
        didSet { if isIdle != oldValue { table.setIdle(isIdle, id) } }
    }
}
