import TestSupport
import Testing

/// Uploads whose process crashes, or whose disk fails, at every call that changes the disk.
struct UploadCrashTests {
    @Test(.timeLimit(.minutes(60)))
    func everyUploadContinuesOrIsComplete() async throws {
        var points = CrashPoints(
            makeLedger: { Ledger(UploadLedger()) },
            workload: UploadWorkload.run,
            verify: UploadVerification.run
        )
        points.copyLedger = { Ledger($0.entries) }
        let report = try await points.explore()
        print("uploads:", report)
        #expect(report.failureCount == 0, "\(report)")
    }
}
