"""The ITS-90 reference functions of thermocouples as lines, within 0.02 °C of them.

Made by tests/firmware/make_curves.py out of NIST's published coefficients (SRD 60, public domain). Each text
holds, in base64, four bytes a point: °C since the point before (at the first: 0), then the voltage in
10 nV as 24 bits with sign. The probe reads it when a chip is set up that needs it (curve.py), the hub for
numbers that were stored uncorrected (chips.py).
"""

# The first point, and the points.
TABLES = {
    "E": (
        -210,
        b"APIr0QPyRqkD8mJwA/J/IgTypskE8s/+BPL6tgTzJukE81SQBPODoQTztBcE8+XrBfQmFQX0aEwF9KyFBfTyswX1OswF9YTF"
        b"BfXQlQX2HjMG9n2rBvbfoAb3RAQG96rLBvgT5wb4f0wG+OzsB/lvkgf59RwH+n11B/sIigf7lkYH/CaXCPzOmQj9ec8I/igk"
        b"CP7Zign/pKMKAIoiCgFzMwoCX9sKA1AbCgRD8QoFO1MKBjY0CwdOIAsIahcLCYn5CwqtowwL7/UMDTZpDA6Ayg0P6ucNEVkg"
        b"DhLn1A8Ul58PFkvWEBghnBEaGWISHDOIEx5wWxQg0BQVI1LdFyYXtRkpHyocLIjcIDB0vSc1QcVsQpcDKUeicyNL7FQhT/LT"
        b"IFPVayBXsz4fW21/Hl8Ecx1ieDIbZap2GWibsBhrak4YbjRCGXEXKx50iSM=",
    ),
    "J": (
        -210,
        b"APOlvgPzvJ4D89R6A/PtTAP0Bw8D9CG/A/Q9VgP0WdEE9IEjBPSp9gT01D8E9P/0BPUtDQT1W30E9Ys+BfXIuAX2CB8F9klh"
        b"BfaMbgX20TcF9xesBvduWAb3xz8G+CJIBvh/XAb43mUH+U+jB/nDTQf6OUUH+rFtCPs9SQj7y7II/FyDCf0CHwn9qmcK/mhJ"
        b"Cv8pAQsAAAALANnhDAHKjA0C0m8OA/HkDwUpKxAGeG0SB/TxFAmfGxgLohgeDimaNxLRzTwX5jwxHAjhYiRJICAm/ZkaKTNP"
        b"FisVDhQszhoTLnRaEjAHvRExiBEQMvUJEDRlXxA12UIQN1DVEDjMLRA6S04QO84nET1tFRI/KHUUQRlJEkLb4CJGNTgcSPaK"
        b"FErrCBJMqfsRTkyDEU/rQBBRbgIQUu1IEVSAzhFWELgSV7SME1lsIRVbTl8YXXHVHmAaSCtj5VMtZ9pVGmohNg==",
    ),
    "K": (
        -210,
        b"APbKuwP22rwD9utpA/b8vwP3DrwD9yFeA/c0ogP3SIcE92QEBPeAlgT3njkE97zpBPfcoQT3/V8E+B8dBPhB2QT4ZY8F+JOM"
        b"BfjDAgX48+oF+SY9BflZ9AX5jwcF+cVuBfn9JAb6QasG+of6BvrQAwb7GboG+2URB/u+8Af8GtsH/Hi7B/zYeQf9OgAI/auJ"
        b"CP4fKgj+lMUJ/xtGCv+zMgsAXMwMARhKDQHl7g8C1eMTBAi1JAZQPxIHcdIQCHDXEQl9PhUKxgEmDRcKFA5RQRMPfikTEK1/"
        b"FRH/ThgThAwbFTwPHhcnpiAZNqUkG4pDLB5lMmYlB3woJ59DIinRCB4rvkocLYhIGy8/fhow5AkaMoYaGTQVrxk1otwZNy2a"
        b"GTi15Rk6O7wZO78aGD0wohg+n9kYQAyzF0FoFRdCwSwWRAkJFkVOpBVGgz4VR7WbFEjXNBRJ9pgTSwWAE0wSRxNNHN8SThdl"
        b"Ek8P5xJQBmgSUPrsE1H67RNS+N8PU7/8",
    ),
    "N": (
        -210,
        b"APnFGwP5z2UD+doqA/nlaAP58R8D+f1OA/oJ8gP6FwwD+iSaA/oymgP6QQwE+lT8BPppsAT6fyYE+pVaBPqsSQT6w/AE+txN"
        b"BPr1XAX7FaQF+zb5BftZUgX7fKsF+6D9BfvGQQX77HEF/BOFBvxDjwb8dMsG/KctBvzaqAf9GAcH/Va8B/2Wrwj94S8I/i0Q"
        b"Cf6D6gn+3CoK/z+mC/+ujBIAZesLANeMCgFAUAoBqoUKAhY1CgKDZQoC8hkKA2JPCwPfewsEXnILBN8vCwVhqAsF5dIMBnfh"
        b"DAcL1gwHoaIMCDkzDQjfUQ0Jh1sOCj5eDgr3aQ4LsmMPDHzCDw1JIxAOJTsQDwNeEQ/xgBIQ7+ASEfBnExMBXhQUIvUVFVVW"
        b"FhaYohcX7PQYGVJbGhrX4RwcfbsfHlM0JCB29isjB+c9Jq7YZyza9jUwBfUsMqT7JjTmSSM298ohOOjBHzq5Ux48eJkdPiai"
        b"HD/DiRtBT2waQsptGUQ0pxdFf9AWRrp2FEfWawxIf60=",
    ),
    "R": (
        -50,
        b"AP+niQT/rW4E/7OLBP+54AT/wGsE/8crBP/OHwT/1UcF/95+Bf/oAQX/8c4F//vkBQAGPwUAEOAFABvDBQAm5wYANJkGAEKk"
        b"BgBRBQYAX7kGAG6+BwCAqAcAkvkHAKWuBwC4wwcAzDYIAOLfCAD5+QgBEYAIASlxCQFE2AkBYLsJAX0UCQGZ3woBulwKAdtZ"
        b"CgH80gsCIisLAkgMCwJubwwCmN0MAsPXDALvVw0DHwcNA09GDgOD0g4DuPQOA+6lDwQoww8EY3YQBKKwEATihREFJvsRBWwS"
        b"EQWxxRIF/DcSBkdNEgaTBRIG31oTBzCVEweCfBMH1Q0TCChHEwh8KxMI0LcTCSXuEwl7zxMJ0lsTCimTEwqBeBMK2goTCzNK"
        b"FAuR+BQL8WgUDFGYFAyyiBQNFDcUDXakFA3ZzBUOQrIVDqxiFQ8W2hUPghUWD/M7FhBlMBYQ1/EXEVC+FxHKXRgSShQaEtVJ"
        b"GxNmsR0UA7cgFLHfIxVxPikWUlg2F3vTaRm/Ey4avB8mG4xiIhxF5x8c7jgcHYVyGx4WcxQegTQPHtCUDR8UqQwfUsELH4rr"
        b"Ch+9QQkf6ecJIBXdBiAyxA==",
    ),
    "S": (
        -50,
        b"AP+j/AT/qkQE/7C/BP+3bQT/vk0F/8cpBf/QTwX/2b0F/+NxBf/taQX/96MFAAIeBQAM1wYAGgUGACeIBgA1XgYAQ4MGAFH0"
        b"BwBjLAcAdMUHAIa7BwCZDAcAq7MIAMFqCADXiQgA7g0JAQfSCQEiCwkBPLEJAVe/CgF2QwoBlTwLAbfMCwHa2gsB/l8MAiWd"
        b"DAJNWQ0CeOkNAqT7DgLU9w4DBXcPAzn2EANyhRADq6ARA+jaEgQqQxIEbDsTBLJvFAT87RQFR/0VBZdkFQXnXxYGO8EWBpC8"
        b"FgbmSxYHPG8XB5caFwfyaBYISlcWCKLdFgj7/RYJVboWCbAWFgoLFBYKZrYWCsL9Fgsf7BYLfYMWC9vBFgw6qBYMmjUXDP7L"
        b"Fw1kEhcNygcXDjCoGA6cdBgPCPYYD3YtGA/kHBsQYIgcEOJKHhFuDCESCIklEraHLBOGQz4Uq+tZFlG/Lxcv3yYX4ssiGIIx"
        b"HxkS1x0ZmXQbGhYaGhqNbxca9lwQGz7DDRt4+wwbrhULG94bChwJIAkcL0IJHFTICBx1kwQchcM=",
    ),
    "T": (
        -210,
        b"APc4pAP3SagE92ElBPd5hQT3ksQE96zfBPfH0wT3458E+ABBBPgdtwT4O/8F+GL/BfiLQQX4tMIF+N9/BfkLdwX5OKYF+WcM"
        b"BfmWpgX5x3UF+fl0Bfosowb6a5sG+qw9BvruhAb7MmoG+3fpBvu+/Ab8B58G/FHOBvydhAf898AH/VP/B/2yNwf+ElwH/nRq"
        b"B/7YXAf/Pi0I/7TACAAthwkAt6AIATRxCAGzUAgCNE4IArdyCQNNiAkD5kwJBIGuCQUfnAkFwAIJBmLNCgcaZwoH1MQKCJHQ"
        b"CglRdgsKJzQLCv/wCwvblgsMuhcMDa//DA6pIgwPpWgMEKS5DRG8og0S190NE/ZIDhUuJw4WaXIOF6gLDxkA+w8aXY4PG72y"
        b"EB05FhEe0BALH9kd",
    ),
}
