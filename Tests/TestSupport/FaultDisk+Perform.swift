internal import Disk
internal import Glibc
internal import NIOConcurrencyHelpers

/// How much of its effect a call has.
enum Portion {
    case whole
    /// The effect of a failing call: half a write, dirty pages that later syncs ignore.
    case failing
}

extension FaultDisk {
    /// The `errno` of every call of a crashed process, which no file system returns.
    package static let deadCode = ENODEV

    /// For calls that change nothing.
    func never(_ state: borrowing State) -> Bool { false }

    /// For calls that always change the disk.
    func always(_ state: borrowing State) -> Bool { true }

    /// Runs one call with the armed faults.
    func perform<Value>(
        _ call: DiskError.Call,
        _ path: String,
        mutates: (borrowing State) -> Bool,
        _ body: (inout State, Portion) throws(MemoryTree.Failure) -> Value
    ) throws(StorageError) -> Value {
        let hook = state.withLockedValue { $0.beforeCall }
        hook?(call, path)
        let result = state.withLockedValue { state in
            Result { () throws(MemoryTree.Failure) in
                guard !state.isDead else { throw MemoryTree.Failure(code: Self.deadCode) }
                switch state.verdict(on: call, path, mutates: mutates(state)) {
                case .pass:
                    return try body(&state, .whole)
                case .fail(let code):
                    if call.leavesTraces { _ = try body(&state, .failing) }
                    throw MemoryTree.Failure(code: code)
                case .crash(let moment):
                    state.isDead = true
                    if moment == .after { _ = try body(&state, .whole) }
                    if moment == .midWrite, call == .pwrite { _ = try body(&state, .failing) }
                    throw MemoryTree.Failure(code: Self.deadCode)
                }
            }
        }
        do {
            return try result.get()
        } catch {
            throw .disk(DiskError(call: call, path: path, code: error.code))
        }
    }
}

extension DiskError.Call {
    /// Whether it changes the disk when it fails.
    fileprivate var leavesTraces: Bool {
        switch self {
        case .pwrite, .fdatasync, .fsync, .fallocate: true
        default: false
        }
    }
}

extension FaultDisk.State {
    /// Counts a call and decides about it by the armed faults.
    mutating func verdict(on call: DiskError.Call, _ path: String, mutates: Bool) -> Verdict {
        let recorded = RecordedCall(call: call, path: path, number: mutates ? mutations.count + 1 : nil)
        if mutates { mutations.append(recorded) }
        return plan.verdict(on: recorded)
    }

    /// Returns the file of a descriptor, as ``node(of:for:_:)`` does.
    mutating func file(of descriptor: Descriptor, for call: DiskError.Call, _ path: String) throws(MemoryTree.Failure)
        -> Int
    {
        guard case .file(let index) = try node(of: descriptor, for: call, path) else {
            throw MemoryTree.Failure(code: EISDIR)
        }
        return index
    }

    /// Returns what a descriptor has opened; using a closed one, or writing to a read-only one, is a violation.
    mutating func node(of descriptor: Descriptor, for call: DiskError.Call, _ path: String) throws(MemoryTree.Failure)
        -> Node
    {
        let writes = call == .pwrite || call == .ftruncate || call == .fallocate
        guard let open = descriptors[descriptor.number], open.isWritable || !writes else {
            violations.append("\(call.rawValue) \(path): descriptor \(descriptor.number) is closed or read-only")
            throw MemoryTree.Failure(code: EBADF)
        }
        return open.node
    }

    var freeByteCount: Int64 {
        guard let byteCountMax else { return 1 << 50 }
        return max(0, byteCountMax - tree.usedByteCount)
    }

    /// Returns for how many of `count` bytes at `offset` the disk has space.
    func fittingByteCount(_ file: Int, at offset: Int, _ count: Int) -> Int {
        guard byteCountMax != nil else { return count }
        let free = Int(clamping: freeByteCount)
        let end = tree.files[file].bytes.count
        guard offset + count > end + free else { return count }
        return max(0, end + free - offset)
    }
}
