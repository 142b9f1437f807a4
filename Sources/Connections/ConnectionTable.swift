internal import NIOConcurrencyHelpers
internal import NIOCore

/// The open connections of a server, with a limit on their number, for any protocol.
///
/// Idle connections cost their clients little: they reconnect. So when the table is full, the one that has been idle
/// longest is closed, first among those that have sent no request yet. A flood of connections, or of clients that never
/// finish their first line, therefore excludes no client and takes no connection from one that uses it. The next
/// connection is refused only while every one has a request under way.
package final class ConnectionTable: Sendable {
    enum Admission: Equatable {
        case admitted
        /// To be answered with the reason.
        case refused(ConnectionRefusal)
        /// Too many are being answered with a reason: this one is closed at once.
        case dropped
    }

    private struct Entry {
        let channel: any Channel
        let address: String
        /// Nil while a request is under way.
        var idleSince: NIODeadline?
        var hasSentRequest = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var counts: [String: Int] = [:]
        /// How many connections have a request under way.
        var busyCount = 0
        var refusedCount = 0

        mutating func remove(_ id: ObjectIdentifier) -> Entry? {
            guard let entry = entries.removeValue(forKey: id) else { return nil }
            let count = (counts[entry.address] ?? 0) - 1
            counts[entry.address] = count > 0 ? count : nil
            if entry.idleSince == nil { busyCount -= 1 }
            return entry
        }

        /// Removes the idle connection to close first, of one address or of all.
        mutating func evict(from address: String?) -> Entry? {
            var cheapest: (id: ObjectIdentifier, cost: (Int, NIODeadline))?
            for (id, entry) in entries where address == nil || entry.address == address {
                guard let idleSince = entry.idleSince else { continue }
                let cost = (entry.hasSentRequest ? 1 : 0, idleSince)
                if cheapest.map({ cost < $0.cost }) ?? true { cheapest = (id, cost) }
            }
            return cheapest.flatMap { remove($0.id) }
        }
    }

    private let limits: ConnectionLimits
    private let state = NIOLockedValueBox(State())

    package init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    var count: Int { state.withLockedValue { $0.entries.count } }

    /// How many connections have a request under way.
    var busyCount: Int { state.withLockedValue { $0.busyCount } }

    /// Adds a new connection until it is closed; evicts another one if need be.
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
            channel.closeFuture.whenComplete { _ in self.remove(id, admission) }
        }
        return admission
    }

    func setIdle(_ isIdle: Bool, _ id: ObjectIdentifier) {
        state.withLockedValue { state in
            guard let entry = state.entries[id] else { return }
            state.busyCount += (isIdle ? 0 : 1) - (entry.idleSince == nil ? 1 : 0)
            state.entries[id]?.idleSince = isIdle ? .now() : nil
            state.entries[id]?.hasSentRequest = true
        }
    }

    /// Closes every connection, even amid a request.
    package func closeAll() {
        for entry in state.withLockedValue({ $0.entries.values }) { entry.channel.close(promise: nil) }
    }

    private func refuse(_ state: inout State, _ refusal: ConnectionRefusal) -> Admission {
        guard state.refusedCount < ConnectionLimits.refusedCountMax else { return .dropped }
        state.refusedCount += 1
        return .refused(refusal)
    }

    private func remove(_ id: ObjectIdentifier, _ admission: Admission) {
        state.withLockedValue { state in
            if admission == .admitted { _ = state.remove(id) } else { state.refusedCount -= 1 }
        }
    }
}

/// What one connection reports to the table; used on its event loop.
final class ConnectionSlot {
    private let table: ConnectionTable
    private let id: ObjectIdentifier

    init(_ channel: any Channel, in table: ConnectionTable) {
        self.table = table
        id = ObjectIdentifier(channel)
    }

    /// Whether closing the connection would lose no request and no answer.
    var isIdle = true {
        didSet { if isIdle != oldValue { table.setIdle(isIdle, id) } }
    }
}
