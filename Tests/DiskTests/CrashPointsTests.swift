import Disk
import TestSupport
import Testing

/// Tests of the harness: it finds planted mistakes, and reports none in correct code.
struct CrashPointsTests {
    /// Ways of replacing a file, one of them correct.
    enum Recipe: CaseIterable {
        case right, withoutSync, withoutDirectorySync, inPlace, acknowledgedEarly

        func replace(_ bytes: [UInt8], at path: String, on disk: FaultDisk, _ acknowledge: () -> Void) throws {
            if self == .inPlace {
                let file = try File(path, .update, on: disk)
                try file.write(bytes, at: 0)
                try file.synchronize()
                acknowledge()
                return
            }
            if try disk.entry("y") != nil { try disk.remove("y") }
            let file = try File("y", .create, on: disk)
            try file.write(bytes, at: 0)
            if self == .acknowledgedEarly { acknowledge() }
            if self != .withoutSync { try file.synchronize() }
            try disk.rename("y", to: path)
            if self != .withoutDirectorySync { try disk.synchronizeDirectory("/") }
            acknowledge()
        }
    }

    static func explore(_ recipe: Recipe, recoveryPointCountMax: Int = 0) async throws -> CrashReport {
        let old = [UInt8](repeating: 1, count: 3_000)
        let new = [UInt8](repeating: 2, count: 3_000)
        var points = CrashPoints(
            makeLedger: { Ledger(false) },
            workload: { disk, ledger in
                try recipe.replace(new, at: "x", on: disk) { ledger.enter { $0 = true } }
            },
            verify: { disk, ledger in
                let bytes = try disk.contents(of: "x")
                guard bytes == new || (bytes == old && !ledger.entries) else {
                    throw StorageError.disk(DiskError(call: .pread, path: "x", code: 0))
                }
                try disk.ensureDirectory("d")
            }
        )
        points.makeDisk = {
            let disk = FaultDisk()
            try disk.publish(old, at: "x")
            return disk.processKill()
        }
        points.recoveryPointCountMax = recoveryPointCountMax
        return try await points.explore()
    }

    @Test func correctRecipeHasNoFailures() async throws {
        let report = try await Self.explore(.right)
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.callCount == 5)
        #expect(report.pointCount == 5 * CrashPoint.Mode.allCases.count)
        #expect(report.verificationCount == 4 * report.pointCount)
    }

    @Test(arguments: [Recipe.withoutSync, .withoutDirectorySync, .inPlace, .acknowledgedEarly])
    func incorrectRecipeIsFound(_ recipe: Recipe) async throws {
        let report: CrashReport
        do { report = try await Self.explore(recipe) } catch { return }  // found already without a fault
        #expect(report.failureCount > 0, "\(report)")
        #expect(report.failures.values.allSatisfy { $0.example.contains("call ") })
    }

    @Test func recoveryIsCrashedToo() async throws {
        let report = try await Self.explore(.right, recoveryPointCountMax: 9)
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.recoveryPointCount > report.pointCount)
    }

    @Test func aViolationInTheVerificationIsReported() async throws {
        let points = CrashPoints(
            makeLedger: { Ledger(()) },
            workload: { disk, _ in try disk.createDirectory("d") },
            verify: { disk, _ in
                let descriptor = try disk.open("x", .updateOrCreate)
                try disk.close(descriptor, path: "x")
                #expect(throws: StorageError.self) { try disk.close(descriptor, path: "x") }
            }
        )
        let report = try await points.explore()
        #expect(report.failureCount == report.verificationCount)
    }
}
