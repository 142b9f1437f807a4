package import Disk
internal import JSON

extension MappedIndex {
    package func rows(passing condition: Condition, below rowCount: Int) throws(StorageError) -> RowMatch {
        try map.reading { () throws(StorageError) in try match(condition, below: rowCount) }
    }

    /// Returns the exact number of rows; nil if rows could be counted twice.
    package func count(passing condition: Condition, below rowCount: Int) throws(StorageError) -> Int? {
        guard tombstoneCount == 0, rowCount >= self.rowCount else { return nil }
        return try map.reading { () throws(StorageError) in try exactCount(condition, below: rowCount) }
    }

    private func match(_ condition: Condition, below rowCount: Int) throws(StorageError) -> RowMatch {
        if condition.path == .committedAt { return try committed(passing: condition, below: rowCount) }
        guard let field = fields.first(where: { $0.path == condition.path }) else { return .unknown }
        let match = try rows(of: field, touchedBy: condition, below: rowCount)
        return condition.isNegated ? match.inverted : match
    }

    private func exactCount(_ condition: Condition, below rowCount: Int) throws(StorageError) -> Int? {
        if condition.path == .committedAt {
            return switch try committed(passing: condition, below: rowCount) {
            case .none: 0
            case .all: rowCount
            case .some, .unknown: nil
            }
        }
        guard let field = fields.first(where: { $0.path == condition.path }) else { return nil }
        let positions = try field.positions(touchedBy: condition)
        guard positions.count <= 1 || !field.hasOverlaps else { return nil }
        var count = 0
        for position in positions { count += try field.count(at: position) }
        return condition.isNegated ? rowCount - count : count
    }

    /// The rows of the values that pass, or for `noneOf` of those that do not.
    private func rows(
        of field: MappedField,
        touchedBy condition: Condition,
        below rowCount: Int
    ) throws(StorageError) -> RowMatch {
        let positions = try field.positions(touchedBy: condition)
        guard rowCount > 0, let first = positions.first else { return .none }
        if positions.count == 1, field.listedCount >= self.rowCount, try field.count(at: first) == self.rowCount {
            return .all
        }
        if positions.count == field.dictionary.count, !field.hasOverlaps, field.listedCount == self.rowCount {
            return .all
        }
        var found = RowSet(rowCount: rowCount)
        for position in positions { try field.add(at: position, to: &found) }
        return .some(found)
    }

    // MARK: committed_at

    private func committed(passing condition: Condition, below rowCount: Int) throws(StorageError) -> RowMatch {
        guard rowCount > 0, let bounds else { return .none }
        let all = bounds.committedAt.lowerBound.microseconds...bounds.committedAt.upperBound.microseconds
        // Only overlapping spans; a client may name thousands of times.
        let spans = condition.committedSpans.filter { $0.overlaps(all) }
        let match: RowMatch
        if spans.isEmpty {
            match = .none
        } else if spans.contains(where: { $0.lowerBound <= all.lowerBound && all.upperBound <= $0.upperBound }) {
            match = .all
        } else {
            match = .some(try rows(committedIn: spans, below: rowCount))
        }
        return condition.isNegated ? match.inverted : match
    }

    private func rows(committedIn spans: [ClosedRange<Int64>], below rowCount: Int) throws(StorageError) -> RowSet {
        let known = min(rowCount, self.rowCount)
        var found = RowSet(rowCount: rowCount)
        guard isAscending else {
            let moments = Set(spans.lazy.filter { $0.count == 1 }.map(\.lowerBound))
            let wide = spans.filter { $0.count > 1 }
            try committedAt.forEach(in: 0..<known) { row, moment in
                if moments.contains(moment) || wide.contains(where: { $0.contains(moment) }) { found.insert(row) }
            }
            return found
        }
        for span in spans {
            let start = try committedAt.firstPosition(in: 0..<known, notBelow: span.lowerBound)
            let end = try committedAt.firstPosition(in: start..<known, notBelow: span.upperBound + 1)
            found.insert(rows: start..<end)
        }
        return found
    }
}

extension MappedField {
    /// The positions of the values whose rows pass a condition, or for `noneOf` of those whose rows do not.
    fileprivate func positions(touchedBy condition: Condition) throws(StorageError) -> [Int] {
        switch condition.test {
        case .anyOf, .noneOf:
            var positions: [Int] = []
            for form in condition.forms {
                if let position = try dictionary.position(of: form) { positions.append(position) }
            }
            return positions
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return Array(try self.positions(passing: condition.test))
        }
    }
}

extension Condition {
    fileprivate var isNegated: Bool {
        if case .noneOf = test { true } else { false }
    }

    /// The spans of matching times in microseconds; for `noneOf`, of those that do not match.
    fileprivate var committedSpans: [ClosedRange<Int64>] {
        let (earliest, latest) = (Timestamp.earliest.microseconds, Timestamp.latest.microseconds)
        switch test {
        case .anyOf, .noneOf:
            return forms.compactMap { form in
                guard case .instant(let instant) = form else { return nil }
                return instant.microseconds...instant.microseconds
            }
        case .less(let operand), .lessOrEqual(let operand), .greater(let operand), .greaterOrEqual(let operand):
            guard case .instant(let instant) = operand.reading else { return [] }
            let moment = instant.microseconds
            return switch test {
            case .less: moment > earliest ? [earliest...moment - 1] : []
            case .lessOrEqual: [earliest...moment]
            case .greater: moment < latest ? [moment + 1...latest] : []
            case .greaterOrEqual, .anyOf, .noneOf: [moment...latest]
            }
        }
    }
}

extension RowMatch {
    /// The rows that are not in it.
    fileprivate var inverted: RowMatch {
        switch self {
        case .none: return .all
        case .all: return .none
        case .unknown: return .unknown
        case .some(var rows):
            rows.invert()
            return .some(rows)
        }
    }
}
