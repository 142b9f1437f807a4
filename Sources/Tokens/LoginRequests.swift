package import JSON
internal import NIOConcurrencyHelpers

/// Log-ins from a command line that a person approves elsewhere, while the command line asks whether it happened.
///
/// Shape: the flow of RFC 8628. `begin` gives the command line two ids: one that may be seen, for the page where the
/// person approves, and one that is its own secret, for asking. Everything is in memory: a restart forgets what was
/// under way. So that nobody can fill the memory, the oldest of too many requests is dropped.
package final class LoginRequests: Sendable {
    /// What the command line is told when it begins.
    package struct Ticket: Sendable, Hashable {
        /// Names the request; it stands in the URL of the page.
        package let requestID: String
        /// Proves that it is the command line that asks.
        package let pollToken: String
        package let expiresAt: Timestamp
    }

    /// What has become of a request.
    package enum Status: Sendable, Hashable {
        case pending
        /// Approved by this identity, for which tokens may be made; said only once.
        case done(Identity)
        /// Somebody said no.
        case denied
        /// There is none, it has expired, it is done with, or the secret is wrong.
        case unknown
    }

    private struct Entry {
        let ticket: Ticket
        var status = Status.pending
    }

    private let countMax: Int
    private let lifetime: Duration
    private let clock: @Sendable () -> Timestamp
    /// Oldest first.
    private let entries = NIOLockedValueBox<[Entry]>([])

    package init(
        countMax: Int = 256,
        lifetime: Duration = .seconds(600),
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.countMax = countMax
        self.lifetime = lifetime
        self.clock = clock
    }

    /// Begins a request.
    package func begin() -> Ticket {
        let ticket = Ticket(
            requestID: UniqueID.random(),
            pollToken: UniqueID.random(),
            expiresAt: clock().advanced(by: lifetime)
        )
        withEntries { entries in
            if entries.count >= countMax { entries.removeFirst(entries.count - countMax + 1) }
            entries.append(Entry(ticket: ticket))
        }
        return ticket
    }

    /// Lets the command line have tokens of this identity; false where there is nothing to decide any more.
    ///
    /// - Precondition: The identity was verified, and its role opens endpoints.
    package func approve(_ requestID: String, as identity: Identity) -> Bool {
        precondition(identity.role.opensEndpoints, "a token for a single purpose approves nothing")
        return decide(requestID, .done(identity))
    }

    /// Refuses the command line; false where there is nothing to decide any more.
    package func deny(_ requestID: String) -> Bool {
        decide(requestID, .denied)
    }

    /// Says what has become of a request, and forgets it where that was the last word.
    package func status(_ requestID: String, pollToken: String) -> Status {
        withEntries { entries in
            guard
                let index = entries.firstIndex(where: { $0.ticket.requestID == requestID }),
                isEqual(entries[index].ticket.pollToken, pollToken)
            else { return .unknown }
            let status = entries[index].status
            if status != .pending { entries.remove(at: index) }
            return status
        }
    }

    private func decide(_ requestID: String, _ status: Status) -> Bool {
        withEntries { entries in
            guard let index = entries.firstIndex(where: { $0.ticket.requestID == requestID && $0.status == .pending })
            else { return false }
            entries[index].status = status
            return true
        }
    }

    /// Runs `body` on the requests that have not expired.
    private func withEntries<Result>(_ body: (inout [Entry]) -> Result) -> Result {
        let now = clock()
        return entries.withLockedValue { entries in
            entries.removeAll { $0.ticket.expiresAt <= now }
            return body(&entries)
        }
    }
}

/// Compares secrets in a time that does not tell where they differ.
private func isEqual(_ secret: String, _ attempt: String) -> Bool {
    guard secret.utf8.count == attempt.utf8.count else { return false }
    return zip(secret.utf8, attempt.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
