import JSON
import NIOConcurrencyHelpers
import Testing

@testable import Tokens

struct LoginRequestsTests {
    private let time = NIOLockedValueBox(TokenFixture.start)
    private let requests: LoginRequests
    private let admin = Identity(
        subject: "root",
        role: .admin,
        tokenID: nil,
        issuedAt: TokenFixture.start,
        expiresAt: .latest
    )

    init() {
        requests = LoginRequests(countMax: 8, countOfAddressMax: 4) { [time] in time.withLockedValue { $0 } }
    }

    private func status(_ ticket: LoginRequests.Ticket) -> LoginRequests.Status {
        requests.take(ticket.requestID, pollToken: ticket.pollToken)
    }

    @Test func approvedRequestIsDoneOnce() throws {
        let ticket = try requests.begin()
        #expect(status(ticket) == .pending)
        #expect(status(ticket) == .pending)
        #expect(requests.approve(ticket.requestID, as: admin))
        #expect(status(ticket) == .done(admin))
        #expect(status(ticket) == .unknown)
    }

    @Test func deniedRequestIsReported() throws {
        let ticket = try requests.begin()
        #expect(requests.deny(ticket.requestID))
        #expect(!requests.approve(ticket.requestID, as: admin))
        #expect(status(ticket) == .denied)
        #expect(status(ticket) == .unknown)
    }

    @Test func decisionIsFinal() throws {
        let ticket = try requests.begin()
        #expect(requests.approve(ticket.requestID, as: admin))
        #expect(!requests.deny(ticket.requestID))
        #expect(status(ticket) == .done(admin))
    }

    /// The public request id of the approval page is not enough to get the tokens.
    @Test func statusRequiresThePollToken() throws {
        let ticket = try requests.begin()
        #expect(requests.approve(ticket.requestID, as: admin))
        for wrong in ["", ticket.requestID, ticket.pollToken + "x", String(ticket.pollToken.dropLast()) + "x"] {
            #expect(requests.take(ticket.requestID, pollToken: wrong) == .unknown)
        }
        for _ in 0..<2000 {
            #expect(requests.take(ticket.requestID, pollToken: UniqueID.random()) == .unknown)
        }
        #expect(requests.take("another", pollToken: ticket.pollToken) == .unknown)
        #expect(status(ticket) == .done(admin))
    }

    @Test func requestExpires() throws {
        let ticket = try requests.begin()
        #expect(ticket.expiresAt == TokenFixture.start.advanced(by: .seconds(600)))
        time.withLockedValue { $0 = $0.advanced(by: .seconds(599)) }
        #expect(status(ticket) == .pending)
        #expect(requests.approve(ticket.requestID, as: admin))
        time.withLockedValue { $0 = ticket.expiresAt }
        #expect(status(ticket) == .unknown)
        #expect(!requests.deny(ticket.requestID))
    }

    @Test func statusHasNoEffect() throws {
        let ticket = try requests.begin()
        #expect(requests.approve(ticket.requestID, as: admin))
        for _ in 0..<3 { #expect(requests.status(ticket.requestID, pollToken: ticket.pollToken) == .done(admin)) }
        #expect(requests.status(ticket.requestID, pollToken: "") == .unknown)
        #expect(status(ticket) == .done(admin))
    }

    @Test func pendingRequestsAreNotDropped() throws {
        func begin(_ address: String?) throws -> LoginRequests.Ticket {
            try requests.begin(from: LoginRequests.Requester(address: address))
        }
        let first = try begin("192.0.2.1")
        time.withLockedValue { $0 = $0.advanced(by: .seconds(100)) }
        // One address has four of the eight.
        for _ in 0..<3 { _ = try begin("192.0.2.1") }
        for _ in 0..<1000 {
            #expect(throws: TooManyLogins(retryAfter: .seconds(500))) { try begin("192.0.2.1") }
        }
        for address in ["192.0.2.2", "192.0.2.3", nil, nil] { _ = try begin(address) }
        #expect(throws: TooManyLogins(retryAfter: .seconds(500))) { try begin("192.0.2.4") }
        #expect(status(first) == .pending)
        // They end by their age, or by a decision that the client has fetched.
        #expect(requests.deny(first.requestID))
        #expect(throws: TooManyLogins.self) { try begin("192.0.2.4") }
        #expect(status(first) == .denied)
        _ = try begin("192.0.2.4")
        time.withLockedValue { $0 = $0.advanced(by: .seconds(600)) }
        for _ in 0..<4 { _ = try begin("192.0.2.1") }
    }

    @Test func pendingRequestShowsItsSender() throws {
        let requester = LoginRequests.Requester(address: "192.0.2.1", forwardedFor: "10.0.0.7", userAgent: "curl")
        let ticket = try requests.begin(from: requester)
        let pending = try #require(requests.pending(ticket.requestID))
        #expect(pending.ticket == ticket && pending.requester == requester)
        #expect(pending.ticket.begunAt == TokenFixture.start)
        #expect(requests.pending("another") == nil)
        #expect(requests.deny(ticket.requestID))
        #expect(requests.pending(ticket.requestID) == nil)
    }

    @Test func requestIDsAreUnique() throws {
        let requests = LoginRequests(countOfAddressMax: 100)
        let tickets = try (0..<100).map { _ in try requests.begin() }
        #expect(Set(tickets.flatMap { [$0.requestID, $0.pollToken] }).count == 200)
    }

    @Test func approvalWithASinglePurposeTokenTraps() async {
        await #expect(processExitsWith: .failure) {
            let requests = LoginRequests()
            let refresh = Identity(
                subject: "root",
                role: .adminRefresh,
                tokenID: nil,
                issuedAt: .earliest,
                expiresAt: .latest
            )
            _ = try requests.approve(requests.begin().requestID, as: refresh)
        }
    }
}
