/// The result of ``CrashPoints``: failures, and how much was tried.
package struct CrashReport: Sendable, CustomStringConvertible {
    /// One kind of failure.
    package struct Failure: Sendable {
        /// The first point at which it occurred, with its reason.
        package let example: String
        package fileprivate(set) var count = 1
    }

    /// How many calls of the workload change the disk.
    package let callCount: Int
    /// Set `SEED` to this to repeat the run.
    package let seed: UInt64
    /// How many runs had a fault.
    package internal(set) var pointCount = 0
    /// How many recoveries had a fault.
    package internal(set) var recoveryPointCount = 0
    /// How many disks were opened and compared with their ledger.
    package internal(set) var verificationCount = 0
    /// The failures by their reason, without numbers and ids.
    package private(set) var failures: [String: Failure] = [:]

    package var failureCount: Int { failures.values.reduce(0) { $0 + $1.count } }

    /// The counts and failures, as the message of a failing expectation.
    package var description: String {
        let counts =
            "\(callCount) calls, \(pointCount) crash points, \(recoveryPointCount) crashes of recovery, "
            + "\(verificationCount) disks verified, \(failureCount) broken promises, SEED=\(seed)"
        let lines = failures.values.sorted { $0.count > $1.count }.map { "\($0.count) times, first at \($0.example)" }
        return ([counts] + lines).joined(separator: "\n  ")
    }

    init(callCount: Int, seed: UInt64) {
        self.callCount = callCount
        self.seed = seed
    }

    mutating func fail(_ title: String, _ reason: String) {
        failures[Self.kind(of: reason), default: Failure(example: "\(title): \(reason)", count: 0)].count += 1
    }

    mutating func add(_ other: CrashReport) {
        pointCount += other.pointCount
        recoveryPointCount += other.recoveryPointCount
        verificationCount += other.verificationCount
        failures.merge(other.failures) { Failure(example: $0.example, count: $0.count + $1.count) }
    }

    /// Returns a reason without ids, paths and numbers.
    private static func kind(of reason: String) -> String {
        let words = reason.split(separator: " ").filter { word in !word.contains { $0.isNumber || $0 == "/" } }
        return words.joined(separator: " ")
    }
}
