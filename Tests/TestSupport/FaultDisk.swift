package import Disk
internal import NIOConcurrencyHelpers

/// A file system in memory that distinguishes synced from unsynced changes, and injects faults and crashes at chosen
/// calls.
///
/// It is stricter than kernels: a file's bytes survive a power cut only if the file was synced, and its name only if
/// its directory was; syncing one does not sync the other. A file that was moved to another directory has its old name,
/// its new one or both until both directories are synced; if only the old one is, a power cut may lose the file.
///
///     let disk = FaultDisk()
///     disk.crashAtCall(7, .midWrite)
///     …                                              // run until every call throws
///     let survivor = disk.powerCut(keeping: .nothing)   // the disk after the restart, an independent one
///
/// Calls on a disk whose process died fail, so that remaining threads of the test cannot change the surviving disk. The
/// same crash can be followed by many different power cuts. All random choices are repeatable by their seed. Safe from
/// any thread.
package final class FaultDisk: Sendable {
    /// The whole state, protected by one lock.
    struct State {
        var tree = MemoryTree()
        var plan = FaultPlan()
        var isDead = false
        var mutations: [RecordedCall] = []
        var descriptors: [Int32: OpenFile] = [:]
        var lastDescriptor: Int32 = 2
        var violations: [String] = []
        /// Descriptors, and places of directories, whose sync has failed.
        var failedFiles: Set<Int32> = []
        var failedNames: Set<Int> = []
        var byteCountMax: Int64?
        var nowMicroseconds: Int64 = 0
        var beforeCall: (@Sendable (DiskError.Call, String) -> Void)?
    }

    /// An open descriptor.
    struct OpenFile {
        /// The path by which it was opened.
        let path: String
        let node: Node
        let isWritable: Bool
    }

    /// How many power cuts this disk has had, not counting process kills.
    package let powerCutCount: Int
    package let failedDirectories = FailedDirectories()
    let state: NIOLockedValueBox<State>

    /// Creates an empty disk: only the root directory.
    package init() {
        powerCutCount = 0
        state = NIOLockedValueBox(State())
    }

    /// Creates the disk of a new process from the `tree` of an old one.
    init(_ tree: MemoryTree, after old: State, powerCutCount: Int) {
        var state = State()
        state.tree = tree
        state.byteCountMax = old.byteCountMax
        state.nowMicroseconds = old.nowMicroseconds
        self.state = NIOLockedValueBox(state)
        self.powerCutCount = powerCutCount
    }
}

/// Arming faults.
extension FaultDisk {
    /// Makes the `number`th call that changes the disk throw, and with `persistently` every later one too.
    ///
    /// Calls are counted over the disk's lifetime, from 1; `mutationCount + 1` is the next. See ``Fault/Effect``.
    package func failCall(_ number: Int, with code: Int32, persistently: Bool = false) {
        arm(Fault(number: number, effect: .error(code), isPersistent: persistently))
    }

    /// Crashes the process at the `number`th call that changes the disk.
    package func crashAtCall(_ number: Int, _ moment: Fault.Moment) {
        arm(Fault(number: number, effect: .crash(moment)))
    }

    /// Replaces the numbered faults by these.
    package func arm(_ faults: Fault...) {
        arm(faults)
    }

    package func arm(_ faults: [Fault]) {
        state.withLockedValue { $0.plan.faults = faults }
    }

    /// Makes calls fail by kind and path, see ``FailureRule``; rules are added to earlier ones.
    package func fail(
        _ call: DiskError.Call?,
        at pathPart: String = "",
        with code: Int32,
        after passCount: Int = 0,
        times failCount: Int = .max
    ) {
        let rule = FailureRule(call, at: pathPart, with: code, passCount: passCount, failCount: failCount)
        state.withLockedValue { $0.plan.rules.append(rule) }
    }

    /// Removes all faults and rules; their past effects remain.
    package func heal() {
        state.withLockedValue { $0.plan = FaultPlan() }
    }

    /// Whether a numbered fault has happened.
    package var hasFaultFired: Bool {
        state.withLockedValue { $0.plan.hasFired }
    }

    /// The maximum number of bytes of all files together; nil for no limit.
    ///
    /// A write that would exceed it stores what fits and throws `ENOSPC`. Names use no space.
    package var byteCountMax: Int64? {
        get { state.withLockedValue { $0.byteCountMax } }
        set { state.withLockedValue { $0.byteCountMax = newValue } }
    }

    /// The time that changed files are stamped with, in microseconds since 1970; constant until it is set.
    package var nowMicroseconds: Int64 {
        get { state.withLockedValue { $0.nowMicroseconds } }
        set { state.withLockedValue { $0.nowMicroseconds = newValue } }
    }

    /// Runs `body` on the caller's thread before every call, outside of the disk's lock; it may block to delay a call.
    package func beforeEachCall(_ body: (@Sendable (DiskError.Call, String) -> Void)?) {
        state.withLockedValue { $0.beforeCall = body }
    }
}
