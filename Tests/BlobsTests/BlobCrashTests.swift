import Blobs
import Disk
import TestSupport
import Testing

/// Injects a fault at every call that changes the disk, and compares the remaining disk with the acknowledgements.
struct BlobCrashTests {
    /// The acknowledgements of one run.
    struct Answers: Sendable {
        var begun: String?
        var durableByteCount: Int64 = 0
        var isComplete = false
        var isClaimed = false
        /// The call was made; until it has returned, either outcome is allowed.
        var isAborting = false
        var isAborted = false
    }

    static let content = mixedBytes(count: 5_000, seed: 7)

    /// Acknowledged bytes are not lost, unacknowledged ones are not partially present, and the upload can be continued.
    private static func verify(_ disk: FaultDisk, _ answers: Answers) async throws {
        let fixture = try UploadFixture(on: disk)
        let violations = try fixture.violations()
        guard violations.isEmpty else { throw Broken("\(violations)") }
        guard let id = answers.begun else { return }
        if answers.isAborted {
            guard disk.paths.allSatisfy({ !$0.contains(id) }) else { throw Broken("aborted, but there: \(disk.paths)") }
            return
        }
        if answers.isClaimed {
            guard try await fixture.content(of: id) == content else { throw Broken("a claimed blob differs") }
            guard try disk.list("data/uploads").isEmpty else { throw Broken("a claimed upload is there") }
            return
        }
        do {
            let status = try await fixture.store.upload(id).status
            guard status.receivedByteCount >= answers.durableByteCount else { throw Broken("lost durable bytes") }
            guard status.isComplete || !answers.isComplete else { throw Broken("a complete upload is not") }
            if !status.isComplete {
                var start = Int(status.receivedByteCount)
                var index = status.nextChunkIndex
                while start < content.count {
                    let end = min(start + 2_000, content.count)
                    try await fixture.send(content[start..<end], to: id, chunk: index)
                    (start, index) = (end, index + 1)
                }
            }
            _ = try await fixture.store.upload(id).complete()
            _ = try await fixture.store.claim(id)
        } catch UploadError.unknownUpload where answers.isAborting {
            return
        } catch UploadError.unknownUpload {
            // Completely claimed, by the run or by a crashed verification; only the response is missing.
        }
        // A rename between directories is one transaction on ext4, XFS and Btrfs, and two for a `FaultDisk` that keeps
        // some changes: there, while claiming was under way, the file may have lost both names.
        let names = ["\(id).zst", "complete.zst", "data.part"]
        if answers.isComplete, !disk.paths.contains(where: { path in names.contains { path.hasSuffix($0) } }) { return }
        guard try await fixture.content(of: id) == content else { throw Broken("the blob differs") }
        guard try fixture.violations().isEmpty else { throw Broken("check is not clean at the end") }
    }

    struct Broken: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private static func uploadAndClaim(_ disk: FaultDisk, _ ledger: Ledger<Answers>) async throws {
        let fixture = try UploadFixture(on: disk)
        let id = try await fixture.begin(content.count)
        ledger.enter { $0.begun = id }
        try await fixture.send(content, inChunksOf: 2_000, to: id)
        _ = try await fixture.store.upload(id).complete()
        ledger.enter { $0.isComplete = true }
        _ = try await fixture.store.claim(id)
        ledger.enter { $0.isClaimed = true }
    }

    @Test func noCrashOfAnUploadBreaksAPromise() async throws {
        var points = CrashPoints<Ledger<Answers>>(
            makeLedger: { Ledger(Answers()) },
            workload: Self.uploadAndClaim,
            verify: { disk, ledger in try await Self.verify(disk, ledger.entries) }
        )
        points.recoveryPointCountMax = 6
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.pointCount > 50)
    }

    /// As above, but with an atomic rename, so that the order of the two syncs matters.
    @Test func noCrashOfAClaimLosesTheFile() async throws {
        func completed() async throws -> (fixture: UploadFixture, id: String) {
            let fixture = try UploadFixture()
            return (fixture, try await fixture.upload(Self.content).token)
        }
        let (sample, sampleID) = try await completed()
        let before = sample.disk.mutationCount
        _ = try await sample.store.claim(sampleID)
        for number in 1...sample.disk.mutationCount - before {
            for moment in [Fault.Moment.before, .after] {
                let (fixture, id) = try await completed()
                fixture.disk.crashAtCall(fixture.disk.mutationCount + number, moment)
                // The last call may return although the process has crashed.
                do { _ = try await fixture.store.claim(id) } catch {}
                for end in [CrashPoint.End.powerCut(.nothing), .powerCut(.everything), .processKill] {
                    var next = try UploadFixture(on: end.survivor(of: fixture.disk))
                    // Recovery syncs what it finds, so a power cut right after it must lose none of it.
                    do { _ = try await next.store.upload(id).status } catch UploadError.unknownUpload {}
                    next = try next.afterPowerCut(keeping: .nothing)
                    do { _ = try await next.store.claim(id) } catch UploadError.unknownToken {}
                    #expect(try await next.content(of: id) == Self.content, "call \(number), \(moment), \(end)")
                    #expect(try next.disk.list("data/uploads").isEmpty)
                }
            }
        }
    }

    @Test func noCrashOfAnAbortBreaksAPromise() async throws {
        let points = CrashPoints<Ledger<Answers>>(
            makeLedger: { Ledger(Answers()) },
            workload: { disk, ledger in
                let fixture = try UploadFixture(on: disk)
                let id = try await fixture.begin(Self.content.count)
                ledger.enter { $0.begun = id }
                try await fixture.send(Self.content[..<2_000], to: id, chunk: 0)
                ledger.enter { $0.isAborting = true }
                try await fixture.store.abort(id)
                ledger.enter { $0.isAborted = true }
            },
            verify: { disk, ledger in try await Self.verify(disk, ledger.entries) }
        )
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
    }
}
