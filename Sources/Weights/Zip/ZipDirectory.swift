/// Reads the entries of an archive's directory one after the other.
struct ZipDirectory {
    private let bytes: [UInt8]
    /// Where the directory begins in the file.
    private let start: Int64
    private let limits: ModelLimits
    private var position = 0
    private var names: Set<[UInt8]> = []
    private var byteCount: Int64 = 0

    init(_ bytes: [UInt8], at start: Int64, limits: ModelLimits) {
        self.bytes = bytes
        self.start = start
        self.limits = limits
    }

    private var violation: WeightsError { .zip(.directory(offset: start + Int64(position))) }

    /// The next entry; whatever this reader does not understand is refused.
    mutating func next() throws(WeightsError) -> ZipMember {
        guard bytes.count - position >= ZipFormat.directoryEntryByteCount,
            bytes.littleEndian(at: position) == ZipFormat.directoryEntry
        else { throw violation }
        let nameByteCount = Int(bytes.littleEndian(UInt16.self, at: position + 28))
        let extraByteCount = Int(bytes.littleEndian(UInt16.self, at: position + 30))
        let commentByteCount = Int(bytes.littleEndian(UInt16.self, at: position + 32))
        let nameStart = position + ZipFormat.directoryEntryByteCount
        let extraStart = nameStart + nameByteCount
        let end = extraStart + extraByteCount + commentByteCount
        guard end <= bytes.count else { throw violation }
        let name = try take(nameStart..<extraStart)
        let sizes = try sizes(extra: extraStart..<extraStart + extraByteCount)
        let flags: UInt16 = bytes.littleEndian(at: position + 8)
        let method: UInt16 = bytes.littleEndian(at: position + 10)
        let checksum: UInt32 = bytes.littleEndian(at: position + 16)
        position = end
        func refusal(_ why: MemberViolation) -> WeightsError { .member(String(decoding: name, as: UTF8.self), why) }
        guard flags & ZipFormat.unreadable == 0 else { throw refusal(.encrypted) }
        guard method == ZipFormat.stored || method == ZipFormat.deflated else {
            throw refusal(.unsupportedMethod(method))
        }
        guard method == ZipFormat.deflated || sizes.stored == sizes.content else { throw refusal(.sizes) }
        guard sizes.content <= UInt64(limits.byteCountMax - byteCount) else {
            throw refusal(.tooLarge(byteCount: sizes.content, byteCountMax: limits.byteCountMax))
        }
        guard sizes.content / ZipFormat.expansionMax <= sizes.stored else {
            throw refusal(.declaredByteCount(Int64(sizes.content)))
        }
        guard let stored = Int64(exactly: sizes.stored), let offset = Int64(exactly: sizes.offset), offset <= start
        else {
            throw refusal(.overlap)
        }
        byteCount += Int64(sizes.content)
        return ZipMember(
            nameBytes: name,
            isNameUTF8: flags & ZipFormat.isNameUTF8 != 0,
            isDeflated: method == ZipFormat.deflated,
            checksum: checksum,
            storedByteCount: stored,
            byteCount: Int64(sizes.content),
            headerOffset: offset,
            limit: start
        )
    }

    /// - Throws: Where bytes follow the last entry that the end record counts.
    func expectEnd() throws(WeightsError) {
        guard position == bytes.count else { throw violation }
    }

    private mutating func take(_ range: Range<Int>) throws(WeightsError) -> [UInt8] {
        let name = Array(bytes[range])
        guard name.count <= limits.nameByteCountMax else {
            throw .zip(.nameTooLong(byteCount: name.count, byteCountMax: limits.nameByteCountMax))
        }
        guard !name.isEmpty, !name.contains(0) else {
            throw .zip(.invalidName(String(decoding: name, as: UTF8.self)))
        }
        guard names.insert(name).inserted else { throw .zip(.duplicateName(String(decoding: name, as: UTF8.self))) }
        return name
    }

    /// The sizes and the offset, from the ZIP64 field where the entry itself has no room.
    private func sizes(
        extra: Range<Int>
    ) throws(WeightsError) -> (stored: UInt64, content: UInt64, offset: UInt64) {
        let stored: UInt32 = bytes.littleEndian(at: position + 20)
        let content: UInt32 = bytes.littleEndian(at: position + 24)
        let disk: UInt16 = bytes.littleEndian(at: position + 34)
        let offset: UInt32 = bytes.littleEndian(at: position + 42)
        guard disk == 0 else { throw .zip(.multiDisk) }
        var field = try field64(in: extra)
        func widen(_ number: UInt32) throws(WeightsError) -> UInt64 {
            guard number == ZipFormat.in64 else { return UInt64(number) }
            guard field.count >= 8 else { throw violation }
            defer { field = field.dropFirst(8) }
            return bytes.littleEndian(at: field.lowerBound)
        }
        let widenedContent = try widen(content)
        let widenedStored = try widen(stored)
        return (widenedStored, widenedContent, try widen(offset))
    }

    /// Where the ZIP64 field's numbers are; empty where there is no such field.
    private func field64(in extra: Range<Int>) throws(WeightsError) -> Range<Int> {
        var field: Range<Int>?
        var place = extra.lowerBound
        // Writers that align their members leave up to three bytes of padding.
        while place + 4 <= extra.upperBound {
            let kind: UInt16 = bytes.littleEndian(at: place)
            let end = place + 4 + Int(bytes.littleEndian(UInt16.self, at: place + 2))
            guard end <= extra.upperBound else { throw violation }
            if kind == ZipFormat.zip64Extra {
                guard field == nil else { throw violation }
                field = place + 4..<end
            }
            place = end
        }
        return field ?? extra.upperBound..<extra.upperBound
    }
}
