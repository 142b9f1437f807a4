import TestSupport
import Testing

/// Records and uploads together: a document never names a missing file.
struct PublicationCrashTests {
    @Test(.timeLimit(.minutes(60)))
    func documentOfAModelAlwaysHasItsFile() async throws {
        let points = CrashPoints(
            makeLedger: PublicationWorkload.makeLedger,
            workload: PublicationWorkload.run,
            verify: PublicationWorkload.verify
        )
        let report = try await points.explore()
        print("publication:", report)
        #expect(report.failureCount == 0, "\(report)")
    }
}
