package pgdev

var FromNPM = fromNPM
