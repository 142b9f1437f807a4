import Testing

@testable import ledge

struct BackoffTests {
    @Test func delaysDoubleUpToTheMaximum() {
        var backoff = Backoff()
        let pauses = (0..<7).map { _ in backoff.next(10) }
        #expect(pauses == [250, 500, 1000, 2000, 4000, 8000, 8000].map { .milliseconds($0) })
    }

    @Test func failureAfterTheLastRetryIsFinal() {
        var backoff = Backoff()
        #expect((0..<3).allSatisfy { _ in backoff.next(3) != nil })
        #expect(backoff.next(3) == nil)
    }

    @Test func progressResetsTheDelay() {
        var backoff = Backoff()
        while backoff.next(10) != nil {}
        backoff.reset()
        #expect(backoff.next(10) == .milliseconds(250))
    }

    @Test func onlyTemporaryFailuresAreRetried() {
        #expect(UploadFailure.refused(status: 507, message: "").failureCountMax == 10)
        #expect(UploadFailure.transport(.stalled(.seconds(60))).failureCountMax == 10)
        #expect(UploadFailure.refused(status: 404, message: "").failureCountMax == nil)
        #expect(UploadFailure.refused(status: 413, message: "").failureCountMax == nil)
    }
}
