import Glibc
import TestSupport
import Testing

/// A session whose server crashes, or whose disk fails, at calls that change the disk; the next server finishes it.
///
/// `CRASH_STRIDE=1` tries every call, which takes minutes; without it, a few calls are tried, and all calls of a short
/// session.
@Suite(.serialized)
struct ResumeCrashTests {
    private static let stride = getenv("CRASH_STRIDE").flatMap { Int(String(cString: $0)) }

    private static func points(
        _ workload: ResumeWorkload = ResumeWorkload(roundCount: 3, clientCount: 2)
    ) -> CrashPoints<Ledger<ResumeWorkload.Promises>> {
        var points = CrashPoints(
            makeLedger: { Ledger(ResumeWorkload.Promises()) },
            workload: workload.run,
            verify: workload.verify
        )
        points.copyLedger = { Ledger($0.entries) }
        return points
    }

    /// The shortest session, and every call of it.
    @Test(.timeLimit(.minutes(60)))
    func shortSessionResumesAfterACrashAtAnyCall() async throws {
        var points = Self.points(ResumeWorkload(roundCount: 1, clientCount: 1))
        points.modes = [.crashAfter]
        let report = try await points.explore()
        print("short sessions, death:", report)
        #expect(report.failureCount == 0, "\(report)")
    }

    @Test(.timeLimit(.minutes(60)))
    func sessionResumesAfterACrash() async throws {
        var points = Self.points()
        points.modes = [.crashAfter]
        points.stride = Self.stride ?? 23
        let report = try await points.explore()
        print("sessions, death:", report)
        #expect(report.failureCount == 0, "\(report)")
    }

    @Test(.timeLimit(.minutes(60)))
    func sessionResumesAfterTwoCrashes() async throws {
        var points = Self.points()
        points.modes = [.tornWrite]
        points.stride = Self.stride.map { $0 * 8 } ?? 71
        points.recoveryPointCountMax = 4
        let report = try await points.explore()
        print("sessions, two deaths:", report)
        #expect(report.failureCount == 0, "\(report)")
    }

    /// The server continues after an error; the next one stores what it could not.
    @Test(.timeLimit(.minutes(60)))
    func sessionResumesAfterADiskFailure() async throws {
        var points = Self.points()
        points.modes = [.ioError, .noSpace, .fullForGood]
        points.stride = Self.stride.map { $0 * 4 } ?? 53
        let report = try await points.explore()
        print("sessions, failing disk:", report)
        #expect(report.failureCount == 0, "\(report)")
    }
}
