package import JSON
internal import NIOConcurrencyHelpers

/// Pending log-ins of command-line clients, which a user approves on a web page while the client polls.
///
/// Shape: the device flow of RFC 8628. `begin` returns two ids to the client: a public one for the URL of the approval
/// page, and a secret one for polling. Requests are only in memory, so a restart discards them. Too many, in total or
/// from one address, are refused: a request ends by its decision or its age only.
package final class LoginRequests: Sendable {
    /// The sender of a request, as the approval page shows it.
    package struct Requester: Sendable, Hashable {
        package var address: String?
        /// The address that a proxy reports; anyone can send it.
        package var forwardedFor: String?
        package var userAgent: String?

        package init(address: String? = nil, forwardedFor: String? = nil, userAgent: String? = nil) {
            self.address = address
            self.forwardedFor = forwardedFor
            self.userAgent = userAgent
        }
    }

    /// The ids of a new request, as returned to the command-line client.
    package struct Ticket: Sendable, Hashable {
        /// The public id of the request, which is in the URL of the approval page.
        package let requestID: String
        /// The secret with which the client polls.
        package let pollToken: String
        package let begunAt: Timestamp
        package let expiresAt: Timestamp
    }

    /// The state of a request.
    package enum Status: Sendable, Hashable {
        case pending
        /// Approved by this identity, for which tokens may be issued; returned only once by ``take(_:pollToken:)``.
        case done(Identity)
        /// Denied by a user.
        case denied
        /// The request does not exist, has expired or is completed, or the secret is wrong.
        case unknown
    }

    private struct Entry {
        let ticket: Ticket
        let requester: Requester
        var status = Status.pending
    }

    private let countMax: Int
    private let countOfAddressMax: Int
    private let lifetime: Duration
    private let clock: @Sendable () -> Timestamp
    /// Oldest first.
    private let entries = NIOLockedValueBox<[Entry]>([])

    package init(
        countMax: Int = 256,
        countOfAddressMax: Int = 32,
        lifetime: Duration = .seconds(600),
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.countMax = countMax
        self.countOfAddressMax = countOfAddressMax
        self.lifetime = lifetime
        self.clock = clock
    }

    /// Begins a request.
    ///
    /// - Throws: ``TooManyLogins`` if too many requests have not expired.
    package func begin(from requester: Requester = Requester()) throws(TooManyLogins) -> Ticket {
        let now = clock()
        let ticket = Ticket(
            requestID: UniqueID.random(),
            pollToken: UniqueID.random(),
            begunAt: now,
            expiresAt: now.advanced(by: lifetime)
        )
        let refusal: TooManyLogins? = withEntries { entries in
            let own = entries.filter { $0.requester.address == requester.address }
            let others = own.count >= countOfAddressMax ? own : entries.count >= countMax ? entries : []
            guard let oldest = others.first else {
                entries.append(Entry(ticket: ticket, requester: requester))
                return nil
            }
            return TooManyLogins(retryAfter: oldest.ticket.expiresAt.duration(since: now))
        }
        if let refusal { throw refusal }
        return ticket
    }

    /// Returns a pending request, for the approval page; nil if there is none with this id.
    package func pending(_ requestID: String) -> (ticket: Ticket, requester: Requester)? {
        withEntries { entries in
            entries.first { $0.ticket.requestID == requestID && $0.status == .pending }.map {
                ($0.ticket, $0.requester)
            }
        }
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

    /// Returns the status of a request.
    package func status(_ requestID: String, pollToken: String) -> Status {
        withEntries { entries in
            Self.index(of: requestID, pollToken, in: entries).map { entries[$0].status } ?? .unknown
        }
    }

    /// Returns the status of a request, and removes the request if it was decided.
    package func take(_ requestID: String, pollToken: String) -> Status {
        withEntries { entries in
            guard let index = Self.index(of: requestID, pollToken, in: entries) else { return .unknown }
            let status = entries[index].status
            if status != .pending { entries.remove(at: index) }
            return status
        }
    }

    private static func index(of requestID: String, _ pollToken: String, in entries: [Entry]) -> Int? {
        entries.firstIndex { $0.ticket.requestID == requestID && isEqual($0.ticket.pollToken, pollToken) }
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

/// Too many requests are pending, in total or from one address.
package struct TooManyLogins: Error, Hashable {
    /// When the oldest of them expires.
    package let retryAfter: Duration
}

/// Compares secrets in constant time.
private func isEqual(_ secret: String, _ attempt: String) -> Bool {
    guard secret.utf8.count == attempt.utf8.count else { return false }
    return zip(secret.utf8, attempt.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
