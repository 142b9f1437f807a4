/// Boundary values at which parsers tend to fail.
private let borders: [UInt64] = [
    0, 1, 2, 127, 128, 255, 256, 4_095, 4_096, 65_535, 65_536, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 48,
    1 << 62, 1 << 63 - 1, 1 << 63, .max,
]

extension Array<UInt8> {
    /// Edits bytes as an input determines: flips, truncations, copies, as disks, crashes and people cause them.
    ///
    /// Random bytes fail at the first checksum; a valid file with a few edits reaches more code.
    mutating func edit(by input: inout FuzzInput, timesAtMost editCountMax: Int = 4) {
        for _ in 0..<(1 + input.number(below: editCountMax)) { editOnce(by: &input) }
    }

    private mutating func editOnce(by input: inout FuzzInput) {
        let (place, kind) = Int(input.byte()).quotientAndRemainder(dividingBy: 10)
        // Headers and footers are at the start and the end of a file.
        let start: Int
        switch place % 3 {
        case 0: start = input.number(below: Swift.min(count + 1, 256))
        case 1: start = Swift.max(0, count - 1 - input.number(below: 256))
        default: start = input.number(below: count + 1)
        }
        let end = Swift.min(count, start + 1 + input.number(below: 600))
        switch kind {
        case 0: if start < count { self[start] ^= 1 << UInt8(input.number(below: 8)) }
        case 1: if start < count { self[start] = input.byte() }
        case 2: for index in start..<Swift.max(start, end) { self[index] = 0 }
        case 3: removeSubrange(start...)
        case 4: removeSubrange(start..<Swift.max(start, end))
        case 5: insert(contentsOf: input.bytes(1 + input.number(below: 40)), at: start)
        case 6: insert(contentsOf: Array(self[start..<Swift.max(start, end)]), at: input.number(below: count + 1))
        case 7: replace(at: start, input.element(of: borders), byteCount: [1, 2, 4, 8][input.number(below: 4)])
        case 8: replaceDigits(from: start, by: input.element(of: borders))
        default: append(contentsOf: [UInt8](repeating: input.byte(), count: 1 + input.number(below: 1_024)))
        }
    }

    /// Overwrites bytes with a little-endian number.
    private mutating func replace(at start: Int, _ number: UInt64, byteCount: Int) {
        for index in 0..<byteCount where start + index < count {
            self[start + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
    }

    /// Replaces the next run of decimal digits by another number.
    private mutating func replaceDigits(from start: Int, by number: UInt64) {
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let first = self[start...].firstIndex(where: isDigit) else { return }
        let end = self[first...].firstIndex { !isDigit($0) } ?? count
        replaceSubrange(first..<end, with: String(number).utf8)
    }
}
