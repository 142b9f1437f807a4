import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport
import Testing

@testable import Tokens

/// Disk failures and crashes during the refresh of tokens.
struct RefreshFailureTests {
    @Test func diskFailureIssuesNoToken() async throws {
        for call in [DiskError.Call.pwrite, .fdatasync] {
            let fixture = try TokenFixture()
            let first = try fixture.enrolled()
            let second = try await fixture.authority.refresh(first.refresh.text, at: .clients)
            fixture.disk.fail(call, with: EIO)
            for _ in 0..<2 {
                let error = await #expect(throws: TokenError.self) {
                    try await fixture.authority.refresh(second.refresh.text, at: .clients)
                }
                guard let error, case .store = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            // Tokens that were issued before remain valid: verifying them does not use the disk.
            _ = try fixture.authority.verify(second.access.text)
        }
    }

    @Test func tokenRemainsValidAfterAFullDisk() async throws {
        let fixture = try TokenFixture()
        let first = try fixture.enrolled()
        fixture.disk.fail(.pwrite, with: ENOSPC, times: 1)
        let error = await #expect(throws: TokenError.self) {
            try await fixture.authority.refresh(first.refresh.text, at: .clients)
        }
        guard let error, case .store(let cause) = error, cause.isNoSpace else {
            Issue.record("\(String(describing: error))")
            return
        }
        _ = try await fixture.authority.refresh(first.refresh.text, at: .clients)
    }

    private final class Ledger: Sendable {
        /// The acknowledged refresh tokens of one client, newest last.
        let tokens = NIOLockedValueBox<[String]>([])
        let revoked = NIOLockedValueBox<String?>(nil)
    }

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// After a crash at any call a client's newest token is valid, older ones are not, and acknowledged revocations are
    /// in effect.
    @Test func acknowledgedRefreshesSurviveEveryCrash() async throws {
        let points = CrashPoints(
            makeLedger: { Ledger() },
            workload: { disk, ledger in
                let fixture = try TokenFixture(on: disk)
                let doomed = try fixture.enrolled("doomed")
                var pair = try fixture.enrolled()
                ledger.tokens.withLockedValue { $0 = [pair.refresh.text] }
                for _ in 0..<4 {
                    pair = try await fixture.authority.refresh(pair.refresh.text, at: .clients)
                    ledger.tokens.withLockedValue { $0.append(pair.refresh.text) }
                }
                try await fixture.authority.revoke(subject: "doomed")
                ledger.revoked.withLockedValue { $0 = doomed.access.text }
                pair = try await fixture.authority.refresh(pair.refresh.text, at: .clients)
                ledger.tokens.withLockedValue { $0.append(pair.refresh.text) }
            },
            verify: { disk, ledger in
                let fixture = try TokenFixture(on: disk)
                let tokens = ledger.tokens.withLockedValue { $0 }
                if let revoked = ledger.revoked.withLockedValue({ $0 }), fixture.flaw(of: revoked) != .revoked {
                    throw Broken(description: "a revocation was lost")
                }
                guard let newest = tokens.last else { return }
                let next = try await fixture.authority.refresh(newest, at: .clients)
                guard tokens.count > 1 else { return }
                do {
                    _ = try await fixture.authority.refresh(tokens[tokens.count - 2], at: .clients)
                    throw Broken(description: "a used token was accepted")
                } catch let error as TokenError {
                    guard error == .invalid(.reused) else { throw error }
                }
                do {
                    _ = try await fixture.authority.refresh(next.refresh.text, at: .clients)
                    throw Broken(description: "a revoked family was accepted")
                } catch let error as TokenError {
                    guard error == .invalid(.revoked) else { throw error }
                }
            }
        )
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.pointCount > 50, "\(report)")
    }
}
