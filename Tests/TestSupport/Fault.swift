package import Disk

/// A fault at one numbered call of a ``FaultDisk``.
///
/// Only calls that change the disk have numbers: create, write, truncate, sync, rename and remove. The first is 1.
package struct Fault: Sendable, Hashable {
    /// When the process dies, relative to the call.
    package enum Moment: Sendable, Hashable, CaseIterable {
        /// The call has no effect.
        case before
        /// The call has its full effect, but does not return.
        case after
        /// A write stores the first half of its bytes; any other call has no effect.
        case midWrite
    }

    package enum Effect: Sendable, Hashable {
        /// The call throws this `errno`.
        ///
        /// A write stores the first half of its bytes. A sync drops the dirty pages: they stay readable, and no later
        /// sync makes them durable (Rebello et al., ATC 2020). Any other call has no effect.
        case error(Int32)
        /// The process dies: this call and every later one throws.
        case crash(Moment)
    }

    package let number: Int
    package let effect: Effect
    /// Whether every later call fails as well.
    package let isPersistent: Bool

    package init(number: Int, effect: Effect, isPersistent: Bool = false) {
        self.number = number
        self.effect = effect
        self.isPersistent = isPersistent
    }
}

/// A failure of calls of one kind on paths that contain a text; also of calls without a number.
package struct FailureRule: Sendable, Hashable {
    /// The call that fails, or nil for all of them.
    package let call: DiskError.Call?
    /// A part of the path; empty for every path.
    package let pathPart: String
    package let code: Int32
    /// How many matching calls succeed before the first failure.
    package var passCount: Int
    /// How many matching calls fail after that.
    package var failCount: Int

    package init(
        _ call: DiskError.Call?,
        at pathPart: String,
        with code: Int32,
        passCount: Int = 0,
        failCount: Int = .max
    ) {
        self.call = call
        self.pathPart = pathPart
        self.code = code
        self.passCount = passCount
        self.failCount = failCount
    }

    /// Returns the `errno` of a call under this rule, or nil if it succeeds.
    mutating func verdict(on call: DiskError.Call, _ path: String) -> Int32? {
        guard self.call == nil || self.call == call, pathPart.isEmpty || path.contains(pathPart) else { return nil }
        if passCount > 0 {
            passCount -= 1
            return nil
        }
        guard failCount > 0 else { return nil }
        failCount -= 1
        return code
    }
}

/// One call of a ``FaultDisk``.
package struct RecordedCall: Sendable, Hashable, CustomStringConvertible {
    package let call: DiskError.Call
    package let path: String
    /// Its number among the calls that change the disk, from 1; nil if it does not change the disk.
    package let number: Int?

    /// As in `#17 pwrite data/x.jsonl`.
    package var description: String {
        "\(number.map { "#\($0) " } ?? "")\(call.rawValue) \(path)"
    }
}

/// The decision about a call before it runs.
enum Verdict {
    case pass
    case fail(Int32)
    case crash(Fault.Moment)
}

/// The faults that are armed.
struct FaultPlan {
    var faults: [Fault] = []
    var rules: [FailureRule] = []
    /// Whether a numbered fault has happened.
    private(set) var hasFired = false

    mutating func verdict(on call: RecordedCall) -> Verdict {
        if let number = call.number,
            let fault = faults.first(where: { number == $0.number || ($0.isPersistent && number > $0.number) })
        {
            hasFired = true
            switch fault.effect {
            case .error(let code): return .fail(code)
            case .crash(let moment): return .crash(moment)
            }
        }
        for index in rules.indices {
            if let code = rules[index].verdict(on: call.call, call.path) { return .fail(code) }
        }
        return .pass
    }
}
