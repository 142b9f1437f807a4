internal import JSON
internal import NIOConcurrencyHelpers

/// The revocations in memory, so that the verification of a token does not read the disk.
///
/// It has all of them or none: if there are more than ``countMax``, or they could not be read, it is off, and they are
/// searched in the store.
final class RevocationTable: Sendable {
    /// About 20 MB with the longest subjects.
    static let countMax = 65_536

    /// A scope with the time before which its tokens are revoked.
    typealias Times = [RevocationScope: Timestamp]

    private struct State {
        /// Nil if the table is off.
        var durable: Times?
        /// Revocations that are in effect but not yet durable.
        var pending: Times = [:]
    }

    private let countMax: Int
    private let state: NIOLockedValueBox<State>

    init(_ durable: Times?, countMax: Int = RevocationTable.countMax) {
        self.countMax = countMax
        state = NIOLockedValueBox(State(durable: durable))
    }

    /// Whether a revocation of one of the scopes applies to a token issued at `issuedAt`; nil if it is not known here.
    func isRevoked(_ scopes: [RevocationScope], issuedAt: Timestamp) -> Bool? {
        state.withLockedValue { state in
            func contains(_ times: Times) -> Bool {
                scopes.contains { scope in times[scope].map { issuedAt < $0 } ?? false }
            }
            if !state.pending.isEmpty, contains(state.pending) { return true }
            return state.durable.map(contains)
        }
    }

    /// Puts a revocation into effect that is being stored; returns its time, which `stamp` determines.
    ///
    /// Under one lock: a token is either issued before this time, or its issuing finds the revocation.
    func begin(_ scope: RevocationScope, stamp: () -> Timestamp) -> Timestamp {
        state.withLockedValue { state in
            let now = stamp()
            state.pending[scope] = scope.end(of: now)
            return now
        }
    }

    /// Ends the storing of a revocation, which stays in effect if it succeeded.
    func end(_ scope: RevocationScope, at time: Timestamp, isDurable: Bool) {
        state.withLockedValue { state in
            let end = scope.end(of: time)
            if isDurable { add(scope, end, to: &state.durable) }
            if state.pending[scope] == end { state.pending[scope] = nil }
        }
    }

    /// Adds a durable revocation whose effect does not depend on the time.
    func add(_ scope: RevocationScope) {
        state.withLockedValue { add(scope, scope.end(of: .latest), to: &$0.durable) }
    }

    /// Removes a revocation whose tokens have all expired.
    func remove(_ scope: RevocationScope) {
        state.withLockedValue { _ = $0.durable?.removeValue(forKey: scope) }
    }

    private func add(_ scope: RevocationScope, _ end: Timestamp, to times: inout Times?) {
        guard var changed = times.take() else { return }
        changed[scope] = max(end, changed[scope] ?? .earliest)
        if changed.count <= countMax { times = changed }
    }
}
