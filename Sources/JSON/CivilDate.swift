/// A day of the proleptic Gregorian calendar, years 1 to 9999.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Its years begin in March, so the leap day
/// is the last day of a year, and every era of 400 years has 146,097 days.
struct CivilDate: Hashable {
    let year: Int
    let month: Int
    let day: Int

    /// Returns nil if there is no such day.
    init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        guard day <= Self.dayCount(month: month, year: year) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Precondition: the day is in the years 1 to 9999.
    init(dayNumber: Int) {
        let shifted = dayNumber + Self.dayNumberShift
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01.
    var dayNumber: Int {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = yearFromMarch / 400
        let yearOfEra = yearFromMarch % 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - Self.dayNumberShift
    }

    /// Days from 0000-03-01, the start of the first era, to 1970-01-01.
    private static let dayNumberShift = 719_468

    private static func dayCount(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
