import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport
import Testing

@testable import Tokens

/// What the disk does while a token is spent.
struct RefreshFailureTests {
    @Test func withoutTheDiskNoTokenIsHandedOut() async throws {
        for call in [DiskError.Call.pwrite, .fdatasync] {
            let mint = try Mint()
            let first = try mint.enrolled()
            let second = try await mint.authority.refresh(first.refresh.text, at: .clients)
            mint.disk.fail(call, with: EIO)
            for _ in 0..<2 {
                let error = await #expect(throws: TokenError.self) {
                    try await mint.authority.refresh(second.refresh.text, at: .clients)
                }
                guard let error, case .store = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            // Tokens that were made before are good all the same: verifying them needs no disk.
            _ = try mint.authority.verify(second.access.text)
        }
    }

    @Test func afterAFullDiskTheSameTokenIsGood() async throws {
        let mint = try Mint()
        let first = try mint.enrolled()
        mint.disk.fail(.pwrite, with: ENOSPC, times: 1)
        let error = await #expect(throws: TokenError.self) {
            try await mint.authority.refresh(first.refresh.text, at: .clients)
        }
        guard let error, case .store(.noSpace) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        _ = try await mint.authority.refresh(first.refresh.text, at: .clients)
    }

    private final class Ledger: Sendable {
        /// The tokens of one client: the one whose exchange was acknowledged last, and all before it.
        let tokens = NIOLockedValueBox<[String]>([])
        let revoked = NIOLockedValueBox<String?>(nil)
    }

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// After a crash at any call: the newest token a client was given is good, and one that is older than the last is
    /// not; a revocation that was acknowledged holds.
    @Test func everyExchangeSurvivesEveryCrash() async throws {
        let points = CrashPoints(
            makeLedger: { Ledger() },
            workload: { disk, ledger in
                let mint = try Mint(on: disk)
                let doomed = try mint.enrolled("doomed")
                var pair = try mint.enrolled()
                ledger.tokens.withLockedValue { $0 = [pair.refresh.text] }
                for _ in 0..<4 {
                    pair = try await mint.authority.refresh(pair.refresh.text, at: .clients)
                    ledger.tokens.withLockedValue { $0.append(pair.refresh.text) }
                }
                try await mint.authority.revoke(subject: "doomed")
                ledger.revoked.withLockedValue { $0 = doomed.access.text }
                pair = try await mint.authority.refresh(pair.refresh.text, at: .clients)
                ledger.tokens.withLockedValue { $0.append(pair.refresh.text) }
            },
            verify: { disk, ledger in
                let mint = try Mint(on: disk)
                let tokens = ledger.tokens.withLockedValue { $0 }
                if let revoked = ledger.revoked.withLockedValue({ $0 }), mint.flaw(of: revoked) != .revoked {
                    throw Broken(description: "a revocation was forgotten")
                }
                guard let newest = tokens.last else { return }
                let next = try await mint.authority.refresh(newest, at: .clients)
                guard tokens.count > 1 else { return }
                do {
                    _ = try await mint.authority.refresh(tokens[tokens.count - 2], at: .clients)
                    throw Broken(description: "a spent token was taken")
                } catch let error as TokenError {
                    guard error == .invalid(.reused) else { throw error }
                }
                do {
                    _ = try await mint.authority.refresh(next.refresh.text, at: .clients)
                    throw Broken(description: "the family goes on")
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
