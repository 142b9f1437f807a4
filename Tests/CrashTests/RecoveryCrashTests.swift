import TestSupport
import Testing

/// A second crash, at the calls of the recovery from the first.
struct RecoveryCrashTests {
    @Test(.timeLimit(.minutes(60)))
    func everyAcknowledgedRecordSurvivesASecondCrash() async throws {
        var points = CrashPoints(
            makeLedger: RecordWorkload.makeLedger,
            workload: RecordWorkload.run,
            verify: RecordWorkload.verify
        )
        points.stride = 9
        points.modes = [.ioError, .crashAfter, .tornWrite]
        points.recoveryPointCountMax = 5
        points.copyLedger = { Ledger($0.entries) }
        let report = try await points.explore()
        print("recovery of records:", report)
        #expect(report.failureCount == 0, "\(report)")
    }

    @Test(.timeLimit(.minutes(60)))
    func everyUploadSurvivesASecondCrash() async throws {
        var points = CrashPoints(
            makeLedger: { Ledger(UploadLedger()) },
            workload: UploadWorkload.run,
            verify: UploadVerification.run
        )
        points.stride = 9
        points.modes = [.ioError, .crashAfter, .tornWrite]
        points.recoveryPointCountMax = 5
        points.copyLedger = { Ledger($0.entries) }
        let report = try await points.explore()
        print("recovery of uploads:", report)
        #expect(report.failureCount == 0, "\(report)")
    }
}
