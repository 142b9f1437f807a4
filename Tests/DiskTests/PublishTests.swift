import Disk
import TestSupport
import Testing

/// Atomic creation of files and directories, with a crash at every call.
struct PublishTests {
    /// The attempted and the acknowledged version.
    struct Promises {
        var attempted = 0
        var acknowledged = 0
    }

    struct Broken: Error {
        let reason: String
    }

    /// Returns the bytes of a version: several sectors, each byte with the version's number.
    static func version(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(number), count: number == 0 ? 0 : 600 + 700 * number)
    }

    @Test func publishedFileIsTheOldOrTheNewOne() async throws {
        let points = CrashPoints(
            makeLedger: { Ledger(Promises()) },
            workload: { disk, ledger in
                for number in 1...3 {
                    ledger.enter { $0.attempted = number }
                    try disk.publish(Self.version(number), at: "d/x")
                    ledger.enter { $0.acknowledged = number }
                }
            },
            verify: { disk, ledger in
                let acknowledged = ledger.entries.acknowledged
                let possible = (acknowledged...ledger.entries.attempted).map(Self.version)
                let found = try disk.contents(of: "d/x") ?? []
                // Version 9 is published by this step, which crashes too.
                guard possible.contains(found) || found == Self.version(9) else {
                    throw Broken(
                        reason: "\(acknowledged) was acknowledged, found \(found.count) bytes of \(Set(found))"
                    )
                }
                try disk.publish(Self.version(9), at: "d/x")
                let last = try disk.powerCut(keeping: .nothing).contents(of: "d/x")
                guard last == Self.version(9) else { throw Broken(reason: "the remains prevent the next publication") }
            }
        )
        let report = try await explore(points)
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.callCount == 15)
    }

    @Test func ensuredDirectoryIsDurable() async throws {
        let points = CrashPoints(
            makeLedger: { Ledger(Promises()) },
            workload: { disk, ledger in
                try disk.ensureDirectory("d/a/b/c")
                ledger.enter { $0.acknowledged = 1 }
            },
            verify: { disk, ledger in
                let acknowledged = ledger.entries.acknowledged == 1
                if acknowledged, try disk.entry("d/a/b/c") == nil { throw Broken(reason: "acknowledged but missing") }
                // The next process starts with the half-finished state of this one.
                try disk.ensureDirectory("d/a/b/c")
                guard try disk.powerCut(keeping: .nothing).entry("d/a/b/c") != nil else {
                    throw Broken(reason: "ensured again but not durable")
                }
            }
        )
        let report = try await explore(points)
        #expect(report.failureCount == 0, "\(report)")
    }

    @Test func removedTreeStaysRemoved() async throws {
        var points = CrashPoints(
            makeLedger: { Ledger(Promises()) },
            workload: { disk, ledger in
                try disk.removeTree("d/tree")
                ledger.enter { $0.acknowledged = 1 }
            },
            verify: { disk, ledger in
                let isThere = try disk.entry("d/tree") != nil
                if isThere, ledger.entries.acknowledged == 1 { throw Broken(reason: "it is back") }
                if isThere { try disk.removeTree("d/tree") }
                let last = disk.processKill()
                guard try last.list("d") == ["sibling"] else { throw Broken(reason: "\(last.paths)") }
            }
        )
        points.makeDisk = {
            let disk = FaultDisk()
            try disk.ensureDirectory("d/tree")
            try disk.publish([1], at: "d/sibling")
            for name in ["a", "b", "c"] { try disk.publish([1], at: "d/tree/\(name)") }
            return disk.processKill()
        }
        let report = try await explore(points)
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.callCount == 5)
    }

    /// Explores on a disk with the directory `d`, unless the points have their own disk.
    func explore(_ points: CrashPoints<Ledger<Promises>>) async throws -> CrashReport {
        var points = points
        points.recoveryPointCountMax = 10
        let makeDisk = points.makeDisk
        points.makeDisk = {
            let disk = try await makeDisk()
            try disk.ensureDirectory("d")
            return disk.processKill()
        }
        return try await points.explore()
    }
}
