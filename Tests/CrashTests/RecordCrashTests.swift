import TestSupport
import Testing

/// A store that crashes, or whose disk fails, at every call that changes the disk.
struct RecordCrashTests {
    @Test(.timeLimit(.minutes(60)))
    func everyAcknowledgedRecordSurvives() async throws {
        var points = CrashPoints(
            makeLedger: RecordWorkload.makeLedger,
            workload: RecordWorkload.run,
            verify: RecordWorkload.verify
        )
        points.copyLedger = { Ledger($0.entries) }
        let report = try await points.explore()
        print("records:", report)
        #expect(report.failureCount == 0, "\(report)")
    }
}
