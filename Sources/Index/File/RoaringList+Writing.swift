extension RoaringList {
    /// Appends the set of these rows, each container in its smallest form, with the same bytes as the C library after
    /// `roaring_bitmap_run_optimize`.
    ///
    /// - Precondition: the rows ascend.
    static func append(_ rows: ArraySlice<UInt32>, to output: inout [UInt8]) {
        let containers = containers(of: rows)
        let hasRuns = containers.contains { $0.isRuns }
        let start = output.count
        if hasRuns {
            output.append(littleEndian: cookieWithRuns | UInt32(truncatingIfNeeded: containers.count - 1) << 16)
            for first in stride(from: 0, to: containers.count, by: 8) {
                let flags = containers[first...].prefix(8).enumerated()
                output.append(flags.reduce(0) { $0 | ($1.element.isRuns ? 1 << UInt8($1.offset) : 0) })
            }
        } else {
            output.append(littleEndian: cookie)
            output.append(littleEndian: UInt32(containers.count))
        }
        for container in containers {
            output.append(littleEndian: UInt16(truncatingIfNeeded: (container.rows.first ?? 0) >> 16))
            output.append(littleEndian: UInt16(truncatingIfNeeded: container.rows.count - 1))
        }
        if !hasRuns || containers.count >= offsetsCountMin {
            var offset = output.count - start + containers.count * 4
            for container in containers {
                output.append(littleEndian: UInt32(offset))
                offset += container.byteCount
            }
        }
        for container in containers { container.append(to: &output) }
    }

    private static func containers(of rows: ArraySlice<UInt32>) -> [UnwrittenContainer] {
        var containers: [UnwrittenContainer] = []
        var rest = rows
        while let first = rest.first {
            let limit = UInt64(first >> 16 + 1) << 16
            let end = UInt64(rest.last ?? 0) < limit ? rest.endIndex : rest.partition { UInt64($0) >= limit }
            containers.append(UnwrittenContainer(rows: rest[..<end]))
            rest = rest[end...]
        }
        return containers
    }
}

/// Rows with equal upper 16 bits, and the number of runs of consecutive rows.
private struct UnwrittenContainer {
    let rows: ArraySlice<UInt32>
    private let runCount: Int

    init(rows: ArraySlice<UInt32>) {
        self.rows = rows
        runCount = zip(rows, rows.dropFirst()).reduce(1) { $0 + ($1.0 + 1 == $1.1 ? 0 : 1) }
    }

    private var plainByteCount: Int {
        rows.count > RoaringList.arrayCountMax ? RoaringList.bitmapByteCount : rows.count * 2
    }

    /// Whether runs are smaller than rows or bits.
    var isRuns: Bool { 2 + runCount * 4 < plainByteCount }

    var byteCount: Int { isRuns ? 2 + runCount * 4 : plainByteCount }

    func append(to output: inout [UInt8]) {
        if isRuns {
            appendRuns(to: &output)
        } else if rows.count > RoaringList.arrayCountMax {
            let start = output.count
            output.append(contentsOf: repeatElement(0, count: RoaringList.bitmapByteCount))
            for row in rows { output[start + Int(row & 0xffff) / 8] |= 1 << UInt8(row % 8) }
        } else {
            for row in rows { output.append(littleEndian: UInt16(truncatingIfNeeded: row)) }
        }
    }

    private func appendRuns(to output: inout [UInt8]) {
        output.append(littleEndian: UInt16(truncatingIfNeeded: runCount))
        var rest = rows
        while let first = rest.first {
            var length = 1
            while length < rest.count, rest[rest.startIndex + length] == first + UInt32(length) { length += 1 }
            output.append(littleEndian: UInt16(truncatingIfNeeded: first))
            output.append(littleEndian: UInt16(truncatingIfNeeded: length - 1))
            rest = rest.dropFirst(length)
        }
    }
}

extension ArraySlice<UInt32> {
    /// Finds by bisection the first index for whose number `isBeyond` holds, given that it holds for all later ones.
    fileprivate func partition(where isBeyond: (UInt32) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
