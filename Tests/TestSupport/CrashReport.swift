/// What ``CrashPoints`` found, and how hard it looked.
package struct CrashReport: Sendable, CustomStringConvertible {
    /// One way of breaking a promise.
    package struct Failure: Sendable {
        /// The first point that shows it, and how.
        package let example: String
        package fileprivate(set) var count = 1
    }

    /// How many calls of the workload change the disk.
    package let callCount: Int
    /// Set `SEED` to this to see the same again.
    package let seed: UInt64
    /// How many runs went wrong as they were told.
    package internal(set) var pointCount = 0
    /// How many recoveries did.
    package internal(set) var recoveryPointCount = 0
    /// How many disks were opened and compared with their ledger.
    package internal(set) var verificationCount = 0
    /// The broken promises by their reason, without its numbers and ids.
    package private(set) var failures: [String: Failure] = [:]

    package var failureCount: Int { failures.values.reduce(0) { $0 + $1.count } }

    /// The counts, and what goes into a failing expectation.
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

    /// The words of a reason: what is left of it without ids, paths and numbers.
    private static func kind(of reason: String) -> String {
        let words = reason.split(separator: " ").filter { word in !word.contains { $0.isNumber || $0 == "/" } }
        return words.joined(separator: " ")
    }
}
