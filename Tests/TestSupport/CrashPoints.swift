internal import NIOConcurrencyHelpers

/// Runs a workload repeatedly, with a fault at every call that changes the disk.
///
/// First the calls of one run are counted. Then, for every call and every ``CrashPoint/Mode``, the workload runs on a
/// new disk with that fault, and for every ``CrashPoint/End`` the remaining disk is verified against the ledger, in
/// which the workload has recorded what was acknowledged. With ``recoveryPointCountMax``, the verification (which
/// includes recovery) also crashes at its own calls, and must succeed on what remains after that.
package struct CrashPoints<Ledger: Sendable>: Sendable {
    package typealias Step = @Sendable (FaultDisk, Ledger) async throws -> Void

    package var modes = CrashPoint.Mode.allCases
    /// Every how many calls of the workload a fault is injected: 1 is at all of them.
    package var stride = 1
    /// How many calls of the workload are skipped before the first fault.
    package var firstOffset = 0
    /// The maximum number of faults in each recovery; 0 for none.
    package var recoveryPointCountMax = 0
    package var seed = SeededGenerator.runSeed
    /// How many runs are concurrent.
    package var width = 4
    /// Creates the disk on which a run starts.
    package var makeDisk: @Sendable () async throws -> FaultDisk = { FaultDisk() }
    /// Returns the ledger for one verification: the same one by default, a copy if the verification writes.
    package var copyLedger: @Sendable (Ledger) -> Ledger = { $0 }
    private let makeLedger: @Sendable () -> Ledger
    private let workload: Step
    private let verify: Step

    /// - Parameters:
    ///   - makeLedger: Creates the empty ledger of one run.
    ///   - workload: Writes, and records in the ledger what was acknowledged. It may throw after a call has failed.
    ///   - verify: Opens the remaining disk and throws if it contradicts the ledger. It runs many times with one
    ///     ledger; if it changes the ledger, set ``copyLedger``.
    package init(
        makeLedger: @escaping @Sendable () -> Ledger,
        workload: @escaping Step,
        verify: @escaping Step
    ) {
        self.makeLedger = makeLedger
        self.workload = workload
        self.verify = verify
    }

    /// Explores all points and returns the result.
    ///
    /// - Throws: Errors of the workload or the verification in the first run, which has no faults.
    package func explore() async throws -> CrashReport {
        let disk = try await makeDisk()
        let ledger = makeLedger()
        let firstNumber = disk.mutationCount + 1
        try await workload(disk, ledger)
        let lastNumber = disk.mutationCount
        try await verify(disk.powerCut(keeping: .nothing), copyLedger(ledger))

        var jobs: [(number: Int, mode: CrashPoint.Mode)] = []
        for number in Swift.stride(from: firstNumber + firstOffset, through: lastNumber, by: stride) {
            for mode in modes { jobs.append((number, mode)) }
        }
        let report = NIOLockedValueBox(CrashReport(callCount: lastNumber - firstNumber + 1, seed: seed))
        let queue = NIOLockedValueBox(jobs[...])
        await withTaskGroup { group in
            for _ in 0..<width {
                group.addTask {
                    while let job = queue.withLockedValue({ $0.popFirst() }) {
                        let found = await self.run(job.number, job.mode)
                        report.withLockedValue { $0.add(found) }
                    }
                }
            }
        }
        return report.withLockedValue { $0 }
    }

    /// Runs the workload with one fault, and verifies the disk after every end.
    private func run(_ number: Int, _ mode: CrashPoint.Mode) async -> CrashReport {
        var report = CrashReport(callCount: 0, seed: seed)
        let ledger = makeLedger()
        let disk: FaultDisk
        do {
            disk = try await makeDisk()
        } catch {
            report.fail("call \(number), \(mode)", "cannot make the disk: \(error)")
            return report
        }
        disk.arm(mode.faults(at: number))
        // After the fault the workload may throw; the ledger contains what was acknowledged before.
        var failure: (any Error)?
        do { try await workload(disk, ledger) } catch { failure = error }
        guard disk.hasFaultFired else {
            if let failure { report.fail("call \(number), \(mode), not reached", "\(failure)") }
            return report
        }
        report.pointCount += 1
        var generator = SeededGenerator(seed: seed &+ UInt64(number))
        for end in CrashPoint.End.all(seed: generator.next()) {
            let point = CrashPoint(number: number, mode: mode, end: end)
            let survivor = end.survivor(of: disk)
            let title = "\(point) [\(disk.mutations[number - 1])]"
            if recoveryPointCountMax > 0 { await crashRecovery(of: survivor, ledger, title, &report, &generator) }
            await check(survivor, copyLedger(ledger), title, &report)
        }
        if let violation = disk.violations.first { report.fail("call \(number), \(mode)", violation) }
        return report
    }

    /// Crashes the process again at the calls of its recovery, and verifies the remaining disk.
    private func crashRecovery(
        of survivor: FaultDisk,
        _ ledger: Ledger,
        _ title: String,
        _ report: inout CrashReport,
        _ generator: inout SeededGenerator
    ) async {
        let count = await Self.mutationCount(of: survivor.copy()) { try await verify($0, copyLedger(ledger)) }
        guard count > 0 else { return }
        let step = max(1, count / recoveryPointCountMax)
        for number in Swift.stride(from: Int.random(in: 1...step, using: &generator), through: count, by: step) {
            let disk = survivor.copy()
            let ledger = copyLedger(ledger)
            let moment = Fault.Moment.allCases.randomElement(using: &generator) ?? .before
            disk.crashAtCall(number, moment)
            _ = await Self.mutationCount(of: disk) { try await verify($0, ledger) }
            guard disk.hasFaultFired else { continue }
            report.recoveryPointCount += 1
            let ends = CrashPoint.End.all(seed: generator.next())
            guard let end = ends.randomElement(using: &generator) else { continue }
            let second = "then recovery died at call \(number), \(moment) [\(disk.mutations[number - 1])], \(end)"
            await check(end.survivor(of: disk), ledger, "\(title), \(second)", &report)
        }
    }

    /// Verifies one disk against the ledger.
    private func check(_ disk: FaultDisk, _ ledger: Ledger, _ title: String, _ report: inout CrashReport) async {
        report.verificationCount += 1
        do {
            try await verify(disk, ledger)
            if let violation = disk.violations.first { report.fail(title, violation) }
        } catch {
            report.fail(title, "\(error)")
        }
    }

    /// Runs `body`, which may throw, and returns how many calls changed the disk.
    private static func mutationCount(
        of disk: FaultDisk,
        in body: (FaultDisk) async throws -> Void
    ) async -> Int {
        // A crashed process gets errors; its disk is verified afterwards.
        do { try await body(disk) } catch {}
        return disk.mutationCount
    }
}
