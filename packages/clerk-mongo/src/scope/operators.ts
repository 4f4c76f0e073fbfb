/**
 * Operators that look at nothing but the document at hand, or at those that the stage before hands on. All others are
 * refused: those that run code on the server ($where, $function, $accumulator), and those that MongoDB has yet to invent.
 */
const QUERY = `
  $and $or $nor $not $expr $jsonSchema $text $search $language $caseSensitive $diacriticSensitive $comment
  $eq $ne $gt $gte $lt $lte $in $nin $exists $type $mod $regex $options $all $elemMatch $size
  $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $rand $sampleRate
  $geoIntersects $geoWithin $near $nearSphere $geometry $box $center $centerSphere $polygon $maxDistance $minDistance
  $uniqueDocs $slice $meta $natural $ref $id $db`

const EXPRESSIONS = `
  $abs $add $ceil $divide $exp $floor $ln $log $log10 $mod $multiply $pow $round $sqrt $subtract $trunc
  $sin $cos $tan $asin $acos $atan $atan2 $asinh $acosh $atanh $sinh $cosh $tanh $degreesToRadians $radiansToDegrees
  $bitAnd $bitNot $bitOr $bitXor $sigmoid
  $arrayElemAt $arrayToObject $concatArrays $filter $first $firstN $in $indexOfArray $isArray $last $lastN $map $maxN
  $minN $objectToArray $range $reduce $reverseArray $size $slice $sortArray $zip
  $allElementsTrue $anyElementTrue $setDifference $setEquals $setIntersection $setIsSubset $setUnion
  $cmp $cond $ifNull $switch $let $literal $mergeObjects $getField $setField $unsetField $type $isNumber
  $binarySize $bsonSize $rand $toHashedIndexKey $meta
  $concat $indexOfBytes $indexOfCP $ltrim $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $rtrim $split
  $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $toLower $toUpper $trim
  $convert $toBool $toDate $toDecimal $toDouble $toInt $toLong $toObjectId $toString $toUUID
  $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc $dayOfMonth
  $dayOfWeek $dayOfYear $hour $isoDayOfWeek $isoWeek $isoWeekYear $millisecond $minute $month $second $week $year
  $tsIncrement $tsSecond
  $addToSet $avg $bottom $bottomN $count $max $median $min $percentile $push $stdDevPop $stdDevSamp $sum $top $topN
  $covariancePop $covarianceSamp $denseRank $derivative $documentNumber $expMovingAvg $integral $linearFill $locf
  $minMaxScaler $rank $shift`

export const OPERATORS: ReadonlySet<string> = new Set(`${QUERY} ${EXPRESSIONS}`.trim().split(/\s+/))

/** Of an update. Each names the paths that it writes as its keys. */
export const UPDATES: ReadonlySet<string> = new Set([
  ...['$currentDate', '$inc', '$min', '$max', '$mul', '$rename', '$set', '$setOnInsert', '$unset'],
  ...['$addToSet', '$pop', '$pull', '$pullAll', '$push', '$bit'],
])
