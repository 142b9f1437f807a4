package import JSON
internal import NIOConcurrencyHelpers

/// Pending log-ins of command-line clients, which a user approves on a web page while the client polls.
///
/// Shape: the device flow of RFC 8628. `begin` returns two ids to the client: a public one for the URL of the approval
/// page, and a secret one for polling. Requests are only in memory, so a restart discards them. If there are too many,
/// the oldest is discarded, which limits the use of memory.
package final class LoginRequests: Sendable {
    /// The ids of a new request, as returned to the command-line client.
    package struct Ticket: Sendable, Hashable {
        /// The public id of the request, which is in the URL of the approval page.
        package let requestID: String
        /// The secret with which the client polls.
        package let pollToken: String
        package let expiresAt: Timestamp
    }

    /// The state of a request.
    package enum Status: Sendable, Hashable {
        case pending
        /// Approved by this identity, for which tokens may be issued; returned only once.
        case done(Identity)
        /// Denied by a user.
        case denied
        /// The request does not exist, has expired or is completed, or the secret is wrong.
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

    /// Approves a request, so that the client gets tokens of this identity; false if no such request is pending.
    ///
    /// - Precondition: the identity was verified, and its role opens endpoints.
    package func approve(_ requestID: String, as identity: Identity) -> Bool {
        precondition(identity.role.opensEndpoints, "a single-purpose token cannot approve a log-in")
        return decide(requestID, .done(identity))
    }

    /// Denies a request; false if no such request is pending.
    package func deny(_ requestID: String) -> Bool {
        decide(requestID, .denied)
    }

    /// Returns the status of a request, and removes the request if it was decided.
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

    /// Calls `body` with the requests that have not expired.
    private func withEntries<Result>(_ body: (inout [Entry]) -> Result) -> Result {
        let now = clock()
        return entries.withLockedValue { entries in
            entries.removeAll { $0.ticket.expiresAt <= now }
            return body(&entries)
        }
    }
}

/// Compares secrets in constant time.
private func isEqual(_ secret: String, _ attempt: String) -> Bool {
    guard secret.utf8.count == attempt.utf8.count else { return false }
    return zip(secret.utf8, attempt.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
