internal import NIOConcurrencyHelpers

/// Runs a workload again and again, and lets it go wrong at every call that changes the disk.
///
/// First one run is counted. Then, for every call and every ``CrashPoint/Mode``, the workload runs on a fresh disk
/// with that fault, and for every ``CrashPoint/End`` the disk that is left is verified against the ledger: what the
/// workload wrote there when it was given an acknowledgement. With ``recoveryPointCountMax`` the
/// verification, which is where recovery happens, dies at its own calls too and must succeed on what that leaves.
package struct CrashPoints<Ledger: Sendable>: Sendable {
    package typealias Step = @Sendable (FaultDisk, Ledger) async throws -> Void

    package var modes = CrashPoint.Mode.allCases
    /// Every how many calls of the workload one goes wrong: 1 is all of them.
    package var stride = 1
    /// How many calls of the workload are passed by before the first that goes wrong.
    package var firstOffset = 0
    /// At most this many calls of each recovery go wrong; 0 leaves recovery alone.
    package var recoveryPointCountMax = 0
    package var seed = SeededGenerator.runSeed
    /// How many runs go on at a time.
    package var width = 4
    /// Makes the disk a run starts on.
    package var makeDisk: @Sendable () async throws -> FaultDisk = { FaultDisk() }
    /// Makes the ledger of one verification, which is the same one unless it writes and enters what it was promised.
    package var copyLedger: @Sendable (Ledger) -> Ledger = { $0 }
    private let makeLedger: @Sendable () -> Ledger
    private let workload: Step
    private let verify: Step

    /// - Parameters:
    ///   - makeLedger: Makes the empty ledger of one run.
    ///   - workload: Writes, and enters into the ledger what was acknowledged. It may throw once a call has failed.
    ///   - verify: Opens the disk that is left and throws where the ledger was broken. It runs many times with one
    ///     ledger; where it changes it, set ``copyLedger``.
    package init(
        makeLedger: @escaping @Sendable () -> Ledger,
        workload: @escaping Step,
        verify: @escaping Step
    ) {
        self.makeLedger = makeLedger
        self.workload = workload
        self.verify = verify
    }

    /// Explores all points and returns what was found.
    ///
    /// - Throws: What the workload or the verification throws in the first run, in which nothing goes wrong.
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

    /// Runs the workload with one fault, and verifies every end of it.
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
        // Once the fault has happened the workload may throw; the ledger tells what it had promised by then.
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

    /// Lets the process die again at the calls of its recovery, and verifies what that leaves.
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
        // An error is what a dying process gets; the disk it leaves is verified afterwards.
        do { try await body(disk) } catch {}
        return disk.mutationCount
    }
}
