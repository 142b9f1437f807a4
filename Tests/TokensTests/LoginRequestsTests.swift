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
        requests = LoginRequests(countMax: 8) { [time] in time.withLockedValue { $0 } }
    }

    private func status(_ ticket: LoginRequests.Ticket) -> LoginRequests.Status {
        requests.status(ticket.requestID, pollToken: ticket.pollToken)
    }

    @Test func approvedRequestIsDoneOnce() {
        let ticket = requests.begin()
        #expect(status(ticket) == .pending)
        #expect(status(ticket) == .pending)
        #expect(requests.approve(ticket.requestID, as: admin))
        #expect(status(ticket) == .done(admin))
        #expect(status(ticket) == .unknown)
    }

    @Test func deniedRequestIsReported() {
        let ticket = requests.begin()
        #expect(requests.deny(ticket.requestID))
        #expect(!requests.approve(ticket.requestID, as: admin))
        #expect(status(ticket) == .denied)
        #expect(status(ticket) == .unknown)
    }

    @Test func decisionIsFinal() {
        let ticket = requests.begin()
        #expect(requests.approve(ticket.requestID, as: admin))
        #expect(!requests.deny(ticket.requestID))
        #expect(status(ticket) == .done(admin))
    }

    /// The public request id of the approval page is not enough to get the tokens.
    @Test func statusRequiresThePollToken() {
        let ticket = requests.begin()
        #expect(requests.approve(ticket.requestID, as: admin))
        for wrong in ["", ticket.requestID, ticket.pollToken + "x", String(ticket.pollToken.dropLast()) + "x"] {
            #expect(requests.status(ticket.requestID, pollToken: wrong) == .unknown)
        }
        for _ in 0..<2000 {
            #expect(requests.status(ticket.requestID, pollToken: UniqueID.random()) == .unknown)
        }
        #expect(requests.status("another", pollToken: ticket.pollToken) == .unknown)
        #expect(status(ticket) == .done(admin))
    }

    @Test func requestExpires() {
        let ticket = requests.begin()
        #expect(ticket.expiresAt == TokenFixture.start.advanced(by: .seconds(600)))
        time.withLockedValue { $0 = $0.advanced(by: .seconds(599)) }
        #expect(status(ticket) == .pending)
        #expect(requests.approve(ticket.requestID, as: admin))
        time.withLockedValue { $0 = ticket.expiresAt }
        #expect(status(ticket) == .unknown)
        #expect(!requests.deny(ticket.requestID))
    }

    @Test func oldestOfTooManyRequestsIsDropped() {
        let tickets = (0..<20).map { _ in requests.begin() }
        #expect(tickets.map { status($0) == .pending } == (0..<20).map { $0 >= 12 })
    }

    @Test func requestIDsAreUnique() {
        let tickets = (0..<100).map { _ in requests.begin() }
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
            _ = requests.approve(requests.begin().requestID, as: refresh)
        }
    }
}
