package import Disk
internal import NIOConcurrencyHelpers

/// A file system in memory that remembers what was synced, and fails or dies at any call it is told to.
///
/// It is strict where kernels are kind: a file's bytes survive a power cut only when the file was synced, its name
/// only when its directory was, and a sync of one says nothing about the other. A file that was moved to another
/// directory has its old name, its new one or both until both directories are synced; if only the old one is, the
/// power cut may take the file. Tests that pass here need no luck.
///
///     let disk = FaultDisk()
///     disk.crashAtCall(7, .midWrite)
///     …                                              // run until everything throws
///     let survivor = disk.powerCut(keeping: .nothing)   // the machine after its restart: a disk of its own
///
/// A disk whose process died stays dead, so that threads the test left behind cannot touch the one that survives.
/// The same crash can be followed by many different cuts. Everything is repeatable by seed. Safe from any thread.
package final class FaultDisk: Sendable {
    /// Everything there is, under one lock.
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

    /// What a descriptor stands for.
    struct OpenFile {
        let file: Int
        let isWritable: Bool
    }

    /// How many power cuts, rather than kills, lie behind this disk.
    package let powerCutCount: Int
    package let failedDirectories = FailedDirectories()
    let state: NIOLockedValueBox<State>

    /// An empty disk: the root directory and nothing in it.
    package init() {
        powerCutCount = 0
        state = NIOLockedValueBox(State())
    }

    /// What a new process finds where an old one left `tree`.
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
    /// Lets the `number`th call that changes the disk throw, and with `persistently` every later one too.
    ///
    /// Numbers are counted over the disk's life, from 1 on; `mutationCount + 1` is the next. See ``Fault/Effect``.
    package func failCall(_ number: Int, with code: Int32, persistently: Bool = false) {
        arm(Fault(number: number, effect: .error(code), isPersistent: persistently))
    }

    /// Lets the process die at the `number`th call that changes the disk.
    package func crashAtCall(_ number: Int, _ moment: Fault.Moment) {
        arm(Fault(number: number, effect: .crash(moment)))
    }

    /// Arms these numbered faults, in place of those before them.
    package func arm(_ faults: Fault...) {
        arm(faults)
    }

    package func arm(_ faults: [Fault]) {
        state.withLockedValue { $0.plan.faults = faults }
    }

    /// Lets calls fail by kind and path, as ``FailureRule`` says; rules add up.
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

    /// Takes all faults and rules away; what they have done stays.
    package func heal() {
        state.withLockedValue { $0.plan = FaultPlan() }
    }

    /// Whether a numbered fault has happened.
    package var hasFaultFired: Bool {
        state.withLockedValue { $0.plan.hasFired }
    }

    /// How many bytes all files together may have, or nil for no limit.
    ///
    /// A write that would pass it stores what fits and throws `ENOSPC`. Names cost nothing.
    package var byteCountMax: Int64? {
        get { state.withLockedValue { $0.byteCountMax } }
        set { state.withLockedValue { $0.byteCountMax = newValue } }
    }

    /// The time that changed files are stamped with, in microseconds since 1970; it stands still until set.
    package var nowMicroseconds: Int64 {
        get { state.withLockedValue { $0.nowMicroseconds } }
        set { state.withLockedValue { $0.nowMicroseconds = newValue } }
    }

    /// Runs `body` on the caller's thread before every call, outside the disk's lock; it may block to hold a call.
    package func beforeEachCall(_ body: (@Sendable (DiskError.Call, String) -> Void)?) {
        state.withLockedValue { $0.beforeCall = body }
    }
}
