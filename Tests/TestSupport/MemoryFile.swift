/// The two states of a file: its current bytes, and those that survive a power cut.
struct MemoryFile {
    /// The unit that a disk writes atomically.
    static let sectorByteCount = 512

    /// What `read` returns: the page cache.
    private(set) var bytes: [UInt8] = []
    /// What is on stable storage.
    private(set) var durableBytes: [UInt8] = []
    /// The unsynced bytes, as one range.
    private var dirty = 0..<0
    /// The bytes before the last change of dirty ones: the disk may have written some of them in the meantime.
    private var staleBytes: [UInt8] = []
    var modifiedMicroseconds: Int64 = 0
    var nameCount = 0
    var openCount = 0
    private(set) var synchronizationCount = 0

    /// Writes at `offset`; a gap between the old end and `offset` reads as zeros.
    mutating func write(_ new: UnsafeRawBufferPointer, at offset: Int) {
        guard !new.isEmpty else { return }
        if dirty.overlaps(offset..<offset + new.count) { staleBytes = bytes }
        if offset > bytes.count { resize(to: offset) }
        let overlap = min(bytes.count - offset, new.count)
        if overlap > 0 {
            Self.copy(UnsafeRawBufferPointer(rebasing: new[..<overlap]), into: &bytes, at: offset)
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: new[overlap...]))
        markDirty(offset..<offset + new.count)
    }

    /// Cuts the file, or extends it by zeros.
    mutating func resize(to count: Int) {
        if count < bytes.count {
            if dirty.upperBound > count { staleBytes = bytes }
            bytes.removeLast(bytes.count - count)
            dirty = dirty.clamped(to: 0..<count)
        } else if count > bytes.count {
            let end = bytes.count
            bytes = Self.resized(bytes, to: count)
            markDirty(end..<count)
        }
    }

    private mutating func markDirty(_ range: Range<Int>) {
        dirty =
            dirty.isEmpty ? range : min(dirty.lowerBound, range.lowerBound)..<max(dirty.upperBound, range.upperBound)
    }

    /// Makes the length and the dirty bytes durable.
    mutating func synchronize() {
        synchronizationCount += 1
        durableBytes = Self.resized(durableBytes, to: bytes.count)
        Self.copy(dirty, of: bytes, into: &durableBytes)
        dirty = 0..<0
        staleBytes = []
    }

    /// Fails as Linux does: the dirty pages are marked clean, so the next sync does not write them.
    mutating func failToSynchronize() {
        dirty = 0..<0
    }

    /// Replaces all bytes, in the cache and on stable storage, to simulate damage or an external change.
    mutating func replace(with new: [UInt8]) {
        bytes = new
        durableBytes = new
        dirty = 0..<0
        staleBytes = []
    }

    /// Returns the bytes after a power cut.
    func afterPowerCut(keeping survival: Survival, _ generator: inout SeededGenerator) -> [UInt8] {
        switch survival {
        case .nothing: durableBytes
        case .everything: bytes
        case .some: mixture(&generator)
        }
    }

    /// The durable bytes with some of the changed sectors, a few as they were for a while, at some length between the durable one and the current.
    private func mixture(_ generator: inout SeededGenerator) -> [UInt8] {
        guard bytes != durableBytes else { return bytes }
        let shorter = min(bytes.count, durableBytes.count)
        let longer = max(bytes.count, durableBytes.count)
        let count = [bytes.count, bytes.count, durableBytes.count, Int.random(in: shorter...longer, using: &generator)]
            .randomElement(using: &generator)
        var mixed = Self.resized(durableBytes, to: count ?? bytes.count)
        // Nearly all kept, about half and nearly all lost are equally likely.
        let keptOfEight = [1, 4, 7].randomElement(using: &generator) ?? 4
        let common = min(mixed.count, bytes.count)
        for start in stride(from: 0, to: common, by: Self.sectorByteCount) {
            let sector = start..<min(start + Self.sectorByteCount, common)
            if Int.random(in: 0..<8, using: &generator) < keptOfEight {
                Self.copy(sector, of: bytes, into: &mixed)
            } else if sector.upperBound <= staleBytes.count, Bool.random(using: &generator) {
                Self.copy(sector, of: staleBytes, into: &mixed)
            }
        }
        return mixed
    }

    private static func resized(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        var bytes = bytes
        if count < bytes.count {
            bytes.removeLast(bytes.count - count)
        } else {
            bytes.append(contentsOf: [UInt8](repeating: 0, count: count - bytes.count))
        }
        return bytes
    }

    // Raw copies: a debug build copies collections byte by byte, and tests copy megabytes.

    private static func copy(_ range: Range<Int>, of source: [UInt8], into target: inout [UInt8]) {
        source.withUnsafeBytes {
            copy(UnsafeRawBufferPointer(rebasing: $0[range]), into: &target, at: range.lowerBound)
        }
    }

    private static func copy(_ source: UnsafeRawBufferPointer, into target: inout [UInt8], at offset: Int) {
        target.withUnsafeMutableBytes { buffer in
            UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + source.count]).copyMemory(from: source)
        }
    }
}
