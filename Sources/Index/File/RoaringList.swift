internal import Disk

/// A set of rows in an index file, a Roaring bitmap in the portable format.
///
/// Rows that share their upper 16 bits are in one container: an array of the lower 16 bits, a bitmap, or runs.
/// Source: github.com/RoaringBitmap/RoaringFormatSpec; Lemire et al., "Roaring Bitmaps: Implementation of an Optimized
/// Software Library", 2018.
struct RoaringList {
    /// The first 16 bits if a container has runs.
    static let cookieWithRuns: UInt32 = 12347
    /// The first 32 bits if none has.
    static let cookie: UInt32 = 12346
    /// The number of containers from which on offsets are written even if there are runs.
    static let offsetsCountMin = 4
    /// The maximum number of rows of an array; a bitmap has more.
    static let arrayCountMax = 4096
    static let bitmapByteCount = 8192

    private let part: MappedPart
    private let containerCount: Int
    /// The offset of the flags of containers with runs; nil if there are none.
    private let runFlags: Int?
    /// The offset of the keys and counts of the containers.
    private let descriptions: Int
    /// Where the first container begins.
    private let firstContainer: Int

    /// Reads the head of the list at an offset of `part`.
    init(in part: MappedPart, at offset: Int) throws(StorageError) {
        self.part = part
        let cookie = try part.number(at: offset, as: UInt32.self)
        if cookie & 0xffff == Self.cookieWithRuns {
            containerCount = Int(cookie >> 16) + 1
            runFlags = offset + 4
            descriptions = offset + 4 + (containerCount + 7) / 8
        } else if cookie == Self.cookie {
            containerCount = Int(try part.number(at: offset + 4, as: UInt32.self))
            runFlags = nil
            descriptions = offset + 8
        } else {
            throw part.corrupt(at: offset)
        }
        guard containerCount <= 1 << 16 else {
            throw part.corrupt(at: offset)
        }
        let hasOffsets = runFlags == nil || containerCount >= Self.offsetsCountMin
        firstContainer = descriptions + containerCount * (hasOffsets ? 8 : 4)
    }

    /// Returns how many rows are in the set, the sum over its containers.
    func count() throws(StorageError) -> Int {
        let descriptions = try part.bytes(at: descriptions, count: containerCount * 4)
        return (0..<containerCount).reduce(0) {
            $0 + Int(descriptions.littleEndian(at: $1 * 4 + 2, as: UInt16.self)) + 1
        }
    }

    func contains(_ row: Int) throws(StorageError) -> Bool {
        var isIn = false
        try forEachContainer { container in
            guard container.firstRow == row & ~0xffff else { return }
            isIn = container.contains(row & 0xffff)
        }
        return isIn
    }

    /// Calls `body` with each row, from the first or from the last.
    func forEach(ascending: Bool = true, _ body: (Int) -> Void) throws(StorageError) {
        guard !ascending else {
            return try forEachContainer { container in container.forEach(ascending: true, body) }
        }
        var containers: [Container] = []
        try forEachContainer { container in containers.append(container) }
        for container in containers.reversed() { container.forEach(ascending: false, body) }
    }

    /// Adds all rows to `set`, except those past its end.
    func add(to set: inout RowSet) throws(StorageError) {
        try forEachContainer { container in container.add(to: &set) }
    }

    private func forEachContainer(_ body: (Container) -> Void) throws(StorageError) {
        var offset = firstContainer
        for index in 0..<containerCount {
            let description = try part.bytes(at: descriptions + index * 4, count: 4)
            let count = Int(description.littleEndian(at: 2, as: UInt16.self)) + 1
            let hasRuns =
                if let runFlags {
                    try part.number(at: runFlags + index / 8, as: UInt8.self) & (1 << UInt8(index % 8)) != 0
                } else {
                    false
                }
            let form: Container.Form
            let byteCount: Int
            if hasRuns {
                form = .runs
                byteCount = Int(try part.number(at: offset, as: UInt16.self)) * 4
                offset += 2
            } else {
                form = count > Self.arrayCountMax ? .bitmap : .array
                byteCount = form == .bitmap ? Self.bitmapByteCount : count * 2
            }
            let firstRow = Int(description.littleEndian(at: 0, as: UInt16.self)) << 16
            let bytes = try part.bytes(at: offset, count: byteCount)
            body(Container(firstRow: firstRow, form: form, bytes: bytes))
            offset += byteCount
        }
    }
}

/// The rows of a ``RoaringList`` with equal upper 16 bits.
private struct Container {
    enum Form {
        /// The lower 16 bits of each row, ascending.
        case array
        /// A bit for each of 65,536 rows.
        case bitmap
        /// The first row of each run and the number of following rows.
        case runs
    }

    let firstRow: Int
    let form: Form
    let bytes: UnsafeRawBufferPointer

    private var itemCount: Int {
        switch form {
        case .array: bytes.count / 2
        case .bitmap: bytes.count / 8
        case .runs: bytes.count / 4
        }
    }

    func contains(_ low: Int) -> Bool {
        switch form {
        case .array: (0..<itemCount).contains { Int(bytes.littleEndian(at: $0 * 2, as: UInt16.self)) == low }
        case .bitmap: bytes[low / 8] & (1 << UInt8(low % 8)) != 0
        case .runs: (0..<itemCount).contains { run(at: $0).contains(firstRow + low) }
        }
    }

    func forEach(ascending: Bool, _ body: (Int) -> Void) {
        for step in 0..<itemCount {
            let index = ascending ? step : itemCount - 1 - step
            switch form {
            case .array: body(firstRow + Int(bytes.littleEndian(at: index * 2, as: UInt16.self)))
            case .bitmap: forEachBit(of: index, ascending: ascending, body)
            case .runs:
                let run = run(at: index)
                if ascending { run.forEach(body) } else { run.reversed().forEach(body) }
            }
        }
    }

    func add(to set: inout RowSet) {
        switch form {
        case .array:
            set.insert(count: itemCount) { firstRow + Int(bytes.littleEndian(at: $0 * 2, as: UInt16.self)) }
        case .bitmap:
            for index in 0..<itemCount {
                set.insert(word: bytes.littleEndian(at: index * 8, as: UInt64.self), at: firstRow / 64 + index)
            }
        case .runs:
            for index in 0..<itemCount { set.insert(rows: run(at: index)) }
        }
    }

    private func run(at index: Int) -> Range<Int> {
        let start = firstRow + Int(bytes.littleEndian(at: index * 4, as: UInt16.self))
        return start..<start + Int(bytes.littleEndian(at: index * 4 + 2, as: UInt16.self)) + 1
    }

    private func forEachBit(of index: Int, ascending: Bool, _ body: (Int) -> Void) {
        var word = bytes.littleEndian(at: index * 8, as: UInt64.self)
        while word != 0 {
            let bit = ascending ? word.trailingZeroBitCount : 63 - word.leadingZeroBitCount
            word &= ~(1 << UInt64(bit))
            body(firstRow + index * 64 + bit)
        }
    }
}
